using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rapid.Policies.Kernels;

/// <summary>
/// The way through a row of a product's left matrix, which need not exist as one: the patches that a filter slides over are rows whose
/// elements lie in several runs.
/// </summary>
/// <param name="Count">Elements of a run.</param>
/// <param name="Step">Distance of neighbours in a run, 1 or more.</param>
/// <param name="Runs">Runs, one after the other.</param>
/// <param name="Jump">Distance of the first elements of neighbouring runs.</param>
/// <param name="Blocks">How often all of this comes.</param>
/// <param name="BlockJump">Distance of the first elements of neighbouring blocks.</param>
internal readonly record struct LeftPath(
    nint Count, nint Step = 1, nint Runs = 1, nint Jump = 0, nint Blocks = 1, nint BlockJump = 0)
{
    /// <summary>Elements on the way: the inner dimension of the product.</summary>
    public nint Length => Count * Runs * Blocks;
}

/// <summary>
/// The innermost loop of a matrix product: a tile of the result stays in registers while the inner dimension goes by. Each step loads two
/// vectors of the right matrix and multiplies them by one element of each of the left matrix' rows. Accumulators: 16 of 512 bits (of 32
/// registers), 12 of 256 bits (of 16), 8 of 128 bits; two FMA units with a latency of four cycles need eight to be busy all the time.
/// </summary>
internal sealed unsafe class TileKernel
{
    private readonly delegate*<float**, in LeftPath, float*, float*, bool, void> _compute;

    private TileKernel(int rows, int columns, delegate*<float**, in LeftPath, float*, float*, bool, void> compute)
    {
        (Rows, Columns) = (rows, columns);
        _compute = compute;
    }

    /// <summary>For vectors of 512 bits: AVX-512.</summary>
    public static TileKernel Wide { get; } = new(8, 2 * Vector512<float>.Count, &Wide8);

    /// <summary>For vectors of 256 bits: AVX2.</summary>
    public static TileKernel Middle { get; } = new(6, 2 * Vector256<float>.Count, &Middle6);

    /// <summary>For vectors of 128 bits, which every processor has: NEON, SSE.</summary>
    public static TileKernel Narrow { get; } = new(4, 2 * Vector128<float>.Count, &Narrow4);

    /// <summary>The widest that the processor is fast at.</summary>
    public static TileKernel Best { get; } =
        Vector512.IsHardwareAccelerated ? Wide : Vector256.IsHardwareAccelerated ? Middle : Narrow;

    /// <summary>Rows of a tile.</summary>
    public int Rows { get; }

    /// <summary>Columns of a tile, two vectors.</summary>
    public int Columns { get; }

    /// <summary>Computes a tile.</summary>
    /// <param name="rows">Addresses of the left matrix' <see cref="Rows"/> rows.</param>
    /// <param name="path">Where in such a row the elements are.</param>
    /// <param name="panel">[path.Length, <see cref="Columns"/>] of the right matrix, contiguous.</param>
    /// <param name="tile">[<see cref="Rows"/>, <see cref="Columns"/>].</param>
    /// <param name="accumulate">True: the sums begin with what the tile holds; false: with zero.</param>
    public void Compute(float** rows, in LeftPath path, float* panel, float* tile, bool accumulate = false) =>
        _compute(rows, in path, panel, tile, accumulate);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide8(float** rows, in LeftPath path, float* panel, float* tile, bool accumulate)
    {
        float* a0 = rows[0], a1 = rows[1], a2 = rows[2], a3 = rows[3], a4 = rows[4], a5 = rows[5], a6 = rows[6], a7 = rows[7];
        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        Vector512<float> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        Vector512<float> c60 = default, c61 = default, c70 = default, c71 = default;
        if (accumulate)
        {
            (c00, c01) = Load(tile);
            (c10, c11) = Load(tile + 32);
            (c20, c21) = Load(tile + 64);
            (c30, c31) = Load(tile + 96);
            (c40, c41) = Load(tile + 128);
            (c50, c51) = Load(tile + 160);
            (c60, c61) = Load(tile + 192);
            (c70, c71) = Load(tile + 224);
        }

        var (step, length, jump) = (path.Step, path.Count * path.Step, path.Jump);
        for (nint block = 0; block < path.Blocks; block++)
        {
            var start = block * path.BlockJump;
            for (nint run = 0; run < path.Runs; run++)
            {
                for (var i = start; i < start + length; i += step)
                {
                    var (b0, b1) = (Vector512.Load(panel), Vector512.Load(panel + 16));
                    panel += 32;
                    var a = Vector512.Create(a0[i]);
                    c00 = Vector512.MultiplyAddEstimate(a, b0, c00);
                    c01 = Vector512.MultiplyAddEstimate(a, b1, c01);
                    a = Vector512.Create(a1[i]);
                    c10 = Vector512.MultiplyAddEstimate(a, b0, c10);
                    c11 = Vector512.MultiplyAddEstimate(a, b1, c11);
                    a = Vector512.Create(a2[i]);
                    c20 = Vector512.MultiplyAddEstimate(a, b0, c20);
                    c21 = Vector512.MultiplyAddEstimate(a, b1, c21);
                    a = Vector512.Create(a3[i]);
                    c30 = Vector512.MultiplyAddEstimate(a, b0, c30);
                    c31 = Vector512.MultiplyAddEstimate(a, b1, c31);
                    a = Vector512.Create(a4[i]);
                    c40 = Vector512.MultiplyAddEstimate(a, b0, c40);
                    c41 = Vector512.MultiplyAddEstimate(a, b1, c41);
                    a = Vector512.Create(a5[i]);
                    c50 = Vector512.MultiplyAddEstimate(a, b0, c50);
                    c51 = Vector512.MultiplyAddEstimate(a, b1, c51);
                    a = Vector512.Create(a6[i]);
                    c60 = Vector512.MultiplyAddEstimate(a, b0, c60);
                    c61 = Vector512.MultiplyAddEstimate(a, b1, c61);
                    a = Vector512.Create(a7[i]);
                    c70 = Vector512.MultiplyAddEstimate(a, b0, c70);
                    c71 = Vector512.MultiplyAddEstimate(a, b1, c71);
                }

                start += jump;
            }
        }

        Store(tile, c00, c01);
        Store(tile + 32, c10, c11);
        Store(tile + 64, c20, c21);
        Store(tile + 96, c30, c31);
        Store(tile + 128, c40, c41);
        Store(tile + 160, c50, c51);
        Store(tile + 192, c60, c61);
        Store(tile + 224, c70, c71);

        static (Vector512<float> Left, Vector512<float> Right) Load(float* row) => (Vector512.Load(row), Vector512.Load(row + 16));

        static void Store(float* row, Vector512<float> left, Vector512<float> right)
        {
            left.Store(row);
            right.Store(row + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Middle6(float** rows, in LeftPath path, float* panel, float* tile, bool accumulate)
    {
        float* a0 = rows[0], a1 = rows[1], a2 = rows[2], a3 = rows[3], a4 = rows[4], a5 = rows[5];
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        Vector256<float> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        if (accumulate)
        {
            (c00, c01) = Load(tile);
            (c10, c11) = Load(tile + 16);
            (c20, c21) = Load(tile + 32);
            (c30, c31) = Load(tile + 48);
            (c40, c41) = Load(tile + 64);
            (c50, c51) = Load(tile + 80);
        }

        var (step, length, jump) = (path.Step, path.Count * path.Step, path.Jump);
        for (nint block = 0; block < path.Blocks; block++)
        {
            var start = block * path.BlockJump;
            for (nint run = 0; run < path.Runs; run++)
            {
                for (var i = start; i < start + length; i += step)
                {
                    var (b0, b1) = (Vector256.Load(panel), Vector256.Load(panel + 8));
                    panel += 16;
                    var a = Vector256.Create(a0[i]);
                    c00 = Vector256.MultiplyAddEstimate(a, b0, c00);
                    c01 = Vector256.MultiplyAddEstimate(a, b1, c01);
                    a = Vector256.Create(a1[i]);
                    c10 = Vector256.MultiplyAddEstimate(a, b0, c10);
                    c11 = Vector256.MultiplyAddEstimate(a, b1, c11);
                    a = Vector256.Create(a2[i]);
                    c20 = Vector256.MultiplyAddEstimate(a, b0, c20);
                    c21 = Vector256.MultiplyAddEstimate(a, b1, c21);
                    a = Vector256.Create(a3[i]);
                    c30 = Vector256.MultiplyAddEstimate(a, b0, c30);
                    c31 = Vector256.MultiplyAddEstimate(a, b1, c31);
                    a = Vector256.Create(a4[i]);
                    c40 = Vector256.MultiplyAddEstimate(a, b0, c40);
                    c41 = Vector256.MultiplyAddEstimate(a, b1, c41);
                    a = Vector256.Create(a5[i]);
                    c50 = Vector256.MultiplyAddEstimate(a, b0, c50);
                    c51 = Vector256.MultiplyAddEstimate(a, b1, c51);
                }

                start += jump;
            }
        }

        Store(tile, c00, c01);
        Store(tile + 16, c10, c11);
        Store(tile + 32, c20, c21);
        Store(tile + 48, c30, c31);
        Store(tile + 64, c40, c41);
        Store(tile + 80, c50, c51);

        static (Vector256<float> Left, Vector256<float> Right) Load(float* row) => (Vector256.Load(row), Vector256.Load(row + 8));

        static void Store(float* row, Vector256<float> left, Vector256<float> right)
        {
            left.Store(row);
            right.Store(row + 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Narrow4(float** rows, in LeftPath path, float* panel, float* tile, bool accumulate)
    {
        float* a0 = rows[0], a1 = rows[1], a2 = rows[2], a3 = rows[3];
        Vector128<float> c00 = default, c01 = default, c10 = default, c11 = default;
        Vector128<float> c20 = default, c21 = default, c30 = default, c31 = default;
        if (accumulate)
        {
            (c00, c01) = Load(tile);
            (c10, c11) = Load(tile + 8);
            (c20, c21) = Load(tile + 16);
            (c30, c31) = Load(tile + 24);
        }

        var (step, length, jump) = (path.Step, path.Count * path.Step, path.Jump);
        for (nint block = 0; block < path.Blocks; block++)
        {
            var start = block * path.BlockJump;
            for (nint run = 0; run < path.Runs; run++)
            {
                for (var i = start; i < start + length; i += step)
                {
                    var (b0, b1) = (Vector128.Load(panel), Vector128.Load(panel + 4));
                    panel += 8;
                    var a = Vector128.Create(a0[i]);
                    c00 = Vector128.MultiplyAddEstimate(a, b0, c00);
                    c01 = Vector128.MultiplyAddEstimate(a, b1, c01);
                    a = Vector128.Create(a1[i]);
                    c10 = Vector128.MultiplyAddEstimate(a, b0, c10);
                    c11 = Vector128.MultiplyAddEstimate(a, b1, c11);
                    a = Vector128.Create(a2[i]);
                    c20 = Vector128.MultiplyAddEstimate(a, b0, c20);
                    c21 = Vector128.MultiplyAddEstimate(a, b1, c21);
                    a = Vector128.Create(a3[i]);
                    c30 = Vector128.MultiplyAddEstimate(a, b0, c30);
                    c31 = Vector128.MultiplyAddEstimate(a, b1, c31);
                }

                start += jump;
            }
        }

        Store(tile, c00, c01);
        Store(tile + 8, c10, c11);
        Store(tile + 16, c20, c21);
        Store(tile + 24, c30, c31);

        static (Vector128<float> Left, Vector128<float> Right) Load(float* row) => (Vector128.Load(row), Vector128.Load(row + 4));

        static void Store(float* row, Vector128<float> left, Vector128<float> right)
        {
            left.Store(row);
            right.Store(row + 4);
        }
    }
}
