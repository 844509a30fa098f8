using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Rapid.Policies.Kernels;

/// <summary>Where a float32 matrix lies in host memory that somebody else owns and keeps in place.</summary>
/// <param name="data">The first element.</param>
/// <param name="rowStride">Elements from a row to the next.</param>
/// <param name="columnStride">Elements from a column to the next.</param>
internal readonly unsafe struct MatrixView(float* data, nint rowStride, nint columnStride = 1)
{
    /// <summary>The first element.</summary>
    public float* Data { get; } = data;

    /// <summary>Elements from a row to the next.</summary>
    public nint RowStride { get; } = rowStride;

    /// <summary>Elements from a column to the next.</summary>
    public nint ColumnStride { get; } = columnStride;

    /// <summary>The same memory with rows and columns exchanged.</summary>
    public MatrixView Transposed => new(Data, ColumnStride, RowStride);

    /// <summary>Address of a row.</summary>
    public float* Row(nint index) => Data + index * RowStride;

    /// <summary>Brings a part of a row into the first cache, without waiting for it. Columns must be contiguous.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(nint row, int column, int count)
    {
        const int Line = 64 / sizeof(float);
        if (!Sse.IsSupported)
        {
            return;
        }

        var from = Row(row) + column;
        for (var i = 0; i < count; i += Line)
        {
            Sse.Prefetch0(from + i);
        }
    }

    /// <summary>The columns from one on.</summary>
    public MatrixView From(nint column) => new(Data + column * ColumnStride, RowStride, ColumnStride);
}
