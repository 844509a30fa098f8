using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rapid.Policies.Kernels;

/// <summary>
/// Copies some columns of a matrix so that a <see cref="TileKernel"/> reads them one after the other: a row of the panel is two loads, and
/// no two rows fight for the same lines of the cache, as they do in matrices whose rows are a power of two apart.
/// </summary>
internal static unsafe class Panel
{
    private const int Block = 8;

    /// <summary>Overwrites a panel; columns that the matrix does not have are zeros.</summary>
    /// <param name="matrix">[rows, at least column + count]; its rows or its columns must be contiguous.</param>
    /// <param name="rows">Rows of the matrix.</param>
    /// <param name="column">First column to copy.</param>
    /// <param name="count">Columns to copy.</param>
    /// <param name="panel">[rows, width].</param>
    /// <param name="width">Columns of the panel, a multiple of 8.</param>
    public static void Pack(MatrixView matrix, int rows, int column, int count, float* panel, int width)
    {
        if (count < width)
        {
            new Span<float>(panel, rows * width).Clear();
        }

        var source = matrix.From(column);
        if (source.ColumnStride == 1)
        {
            CopyRows(source, rows, count, panel, width);
        }
        else
        {
            CopyColumns(source, rows, count, panel, width);
        }
    }

    /// <summary>Exchanges rows and columns.</summary>
    /// <param name="matrix">[rows, columns].</param>
    /// <param name="stride">Elements from a row of the matrix to the next.</param>
    /// <param name="rows">Rows of the matrix.</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="transposed">[columns, rows], contiguous.</param>
    public static void Transpose(float* matrix, int stride, int rows, int columns, float* transposed) =>
        CopyColumns(new MatrixView(matrix, 1, stride), columns, rows, transposed, rows);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRows(MatrixView source, int rows, int count, float* panel, int width)
    {
        if (count < width)
        {
            for (var i = 0; i < rows; i++)
            {
                new Span<float>(source.Row(i), count).CopyTo(new Span<float>(panel + (nint)i * width, count));
            }

            return;
        }

        for (var i = 0; i < rows; i++)
        {
            var (from, to) = ((nint)source.Row(i), (nint)(panel + (nint)i * width));
            for (nint j = 0; j < width * sizeof(float); j += Block * sizeof(float))
            {
                Vector256.Load((float*)(from + j)).Store((float*)(to + j));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyColumns(MatrixView source, int rows, int count, float* panel, int width)
    {
        var (wholeRows, wholeColumns) = Avx.IsSupported ? (rows / Block * Block, count / Block * Block) : (0, 0);
        for (var j = 0; j < wholeColumns; j += Block)
        {
            var from = source.Data + j * source.ColumnStride;
            for (var i = 0; i < wholeRows; i += Block)
            {
                TransposeBlock(from + i, source.ColumnStride, panel + (nint)i * width + j, width);
            }
        }

        for (var j = 0; j < count; j++)
        {
            var from = source.Data + j * source.ColumnStride;
            for (var i = j < wholeColumns ? wholeRows : 0; i < rows; i++)
            {
                panel[(nint)i * width + j] = from[i * source.RowStride];
            }
        }
    }

    /// <summary>8 x 8 elements; rows of both sides are contiguous.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeBlock(float* from, nint fromStride, float* to, nint toStride)
    {
        var (a0, a1, a2, a3) = Quarter(from, fromStride);
        var (b0, b1, b2, b3) = Quarter(from + 4 * fromStride, fromStride);
        Avx.Permute2x128(a0, b0, 0x20).Store(to);
        Avx.Permute2x128(a1, b1, 0x20).Store(to + toStride);
        Avx.Permute2x128(a2, b2, 0x20).Store(to + 2 * toStride);
        Avx.Permute2x128(a3, b3, 0x20).Store(to + 3 * toStride);
        to += 4 * toStride;
        Avx.Permute2x128(a0, b0, 0x31).Store(to);
        Avx.Permute2x128(a1, b1, 0x31).Store(to + toStride);
        Avx.Permute2x128(a2, b2, 0x31).Store(to + 2 * toStride);
        Avx.Permute2x128(a3, b3, 0x31).Store(to + 3 * toStride);

        // Four rows of eight as four columns: of elements 0 to 3 in the lower halves, 4 to 7 in the upper ones.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static (Vector256<float>, Vector256<float>, Vector256<float>, Vector256<float>) Quarter(float* rows, nint stride)
        {
            var (r0, r1, r2, r3) =
                (Vector256.Load(rows), Vector256.Load(rows + stride), Vector256.Load(rows + 2 * stride), Vector256.Load(rows + 3 * stride));
            var (low01, high01) = (Avx.UnpackLow(r0, r1), Avx.UnpackHigh(r0, r1));
            var (low23, high23) = (Avx.UnpackLow(r2, r3), Avx.UnpackHigh(r2, r3));
            return (
                Avx.Shuffle(low01, low23, 0x44),
                Avx.Shuffle(low01, low23, 0xEE),
                Avx.Shuffle(high01, high23, 0x44),
                Avx.Shuffle(high01, high23, 0xEE));
        }
    }
}
