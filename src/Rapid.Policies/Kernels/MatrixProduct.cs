using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rapid.Policies.Kernels;

/// <summary>What becomes of the sums of a product before they are stored: biases, activations, derivatives. Done while they are in the
/// first cache.</summary>
internal unsafe interface IProductFinish
{
    /// <summary>Says that a part of a row is soon stored. The time of a tile's sums is enough to bring the memory that it goes to, and
    /// what it is combined with, from the second cache to the first.</summary>
    /// <param name="row">Row of the product.</param>
    /// <param name="column">First column.</param>
    /// <param name="count">Columns.</param>
    void Expect(nint row, int column, int count);

    /// <summary>Stores a part of a row of the product.</summary>
    /// <param name="sums">[count], the product's elements.</param>
    /// <param name="row">Row of the product.</param>
    /// <param name="column">First column.</param>
    /// <param name="count">Columns.</param>
    void Store(float* sums, nint row, int column, int count);
}

/// <summary>
/// Single-precision matrix products in host memory for networks of some hundred units. Own code, because a product of 256 x 256 x 256 takes
/// an eighth of a millisecond, and so the library's way around it matters: it reads and writes results a second and a third time for biases
/// and activations, and which kernel it runs depends on how the distribution's BLAS was built and on the environment (its AVX2 kernel has
/// half of the rate of a core with AVX-512). Here the whole inner dimension stays in one panel, which suits matrices up to some
/// thousand elements a side; beyond that a BLAS with blocks for each cache is better.
/// Sums are always made in the same order, so that equal inputs give equal bits.
/// </summary>
internal sealed unsafe class MatrixProduct : IDisposable
{
    private readonly TileKernel _kernel;
    private readonly int _maximumInner;
    private float* _panel; // [inner, kernel.Columns]

    /// <param name="maximumInner">Greatest inner dimension.</param>
    /// <param name="kernel">The innermost loop.</param>
    public MatrixProduct(int maximumInner, TileKernel kernel)
    {
        (_maximumInner, _kernel) = (maximumInner, kernel);
        const int CacheLine = 64;
        _panel = (float*)NativeMemory.AlignedAlloc((nuint)maximumInner * (nuint)kernel.Columns * sizeof(float), CacheLine);
    }

    /// <summary>Frees the panel of a product that nobody disposed.</summary>
    ~MatrixProduct() => Free();

    /// <summary>left right, each row handed to <paramref name="finish"/> in parts.</summary>
    /// <param name="left">[rows, inner].</param>
    /// <param name="right">[inner, columns]; its rows or its columns must be contiguous.</param>
    /// <param name="rows">Rows of the product.</param>
    /// <param name="inner">Inner dimension.</param>
    /// <param name="columns">Columns of the product.</param>
    /// <param name="finish">Stores the product.</param>
    public void Multiply<TFinish>(MatrixView left, MatrixView right, int rows, int inner, int columns, TFinish finish)
        where TFinish : struct, IProductFinish => Multiply(left, right, rows, inner, columns, finish, default);

    /// <summary>The same for some of the rows.</summary>
    /// <param name="left">[any number of rows, inner].</param>
    /// <param name="right">[inner, columns]; its rows or its columns must be contiguous.</param>
    /// <param name="rows">Rows to compute.</param>
    /// <param name="inner">Inner dimension.</param>
    /// <param name="columns">Columns of the product.</param>
    /// <param name="finish">Stores the product.</param>
    public void MultiplyRows<TFinish>(MatrixView left, MatrixView right, ReadOnlySpan<int> rows, int inner, int columns, TFinish finish)
        where TFinish : struct, IProductFinish => Multiply(left, right, rows.Length, inner, columns, finish, rows);

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply<TFinish>(
        MatrixView left, MatrixView right, int rows, int inner, int columns, TFinish finish, ReadOnlySpan<int> indices)
        where TFinish : struct, IProductFinish
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inner, _maximumInner);
        ObjectDisposedException.ThrowIf(_panel is null, this);
        if (columns == 1 && left.ColumnStride == 1 && right.RowStride == 1)
        {
            // A tile would be empty but for a column.
            for (var row = 0; row < rows; row++)
            {
                var sum = Dot(left.Row(Index(row, indices)), right.Data, inner);
                finish.Store(&sum, Index(row, indices), 0, 1);
            }

            return;
        }

        var (height, width) = (_kernel.Rows, _kernel.Columns);
        var path = new LeftPath(inner, left.ColumnStride);
        var addresses = stackalloc float*[height];
        var tile = stackalloc float[height * width];
        for (var column = 0; column < columns; column += width)
        {
            var count = Math.Min(width, columns - column);
            Panel.Pack(right, inner, column, count, _panel, width);
            for (var row = 0; row < rows; row += height)
            {
                for (var i = 0; i < height; i++)
                {
                    // The last tile reads its last row again where it has none; what comes of it is not stored.
                    var index = Index(Math.Min(row + i, rows - 1), indices);
                    addresses[i] = left.Row(index);
                    finish.Expect(index, column, count);
                }

                _kernel.Compute(addresses, path, _panel, tile);
                for (var i = 0; i < Math.Min(height, rows - row); i++)
                {
                    finish.Store(tile + i * width, Index(row + i, indices), column, count);
                }
            }
        }

        GC.KeepAlive(this);
    }

    /// <summary>Four sums at a time, because each addition waits for the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot(float* left, float* right, int count)
    {
        Vector<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        var (width, i) = (Vector<float>.Count, 0);
        for (; i <= count - 4 * width; i += 4 * width)
        {
            sum0 += Vector.Load(left + i) * Vector.Load(right + i);
            sum1 += Vector.Load(left + i + width) * Vector.Load(right + i + width);
            sum2 += Vector.Load(left + i + 2 * width) * Vector.Load(right + i + 2 * width);
            sum3 += Vector.Load(left + i + 3 * width) * Vector.Load(right + i + 3 * width);
        }

        var sum = Vector.Sum(sum0 + sum1 + (sum2 + sum3));
        for (; i < count; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }

    private static int Index(int row, ReadOnlySpan<int> indices) => indices.IsEmpty ? row : indices[row];

    private void Free()
    {
        NativeMemory.AlignedFree(_panel);
        _panel = null;
    }
}
