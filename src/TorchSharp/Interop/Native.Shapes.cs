using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>native/torch/shapes.cpp.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial nint rt_view(nint self, ReadOnlySpan<long> values, int count);
    [LibraryImport(Library)] internal static partial nint rt_reshape(nint self, ReadOnlySpan<long> values, int count);
    [LibraryImport(Library)] internal static partial nint rt_permute(nint self, ReadOnlySpan<long> values, int count);
    [LibraryImport(Library)] internal static partial nint rt_repeat(nint self, ReadOnlySpan<long> values, int count);
    [LibraryImport(Library)] internal static partial nint rt_flip(nint self, ReadOnlySpan<long> values, int count);
    [LibraryImport(Library)]
    internal static partial nint rt_expand(nint self, ReadOnlySpan<long> values, int count, [MarshalAs(UnmanagedType.U1)] bool isImplicit);
    [LibraryImport(Library)] internal static partial nint rt_flatten(nint self, long start, long end);
    [LibraryImport(Library)] internal static partial nint rt_unflatten(nint self, long dim, ReadOnlySpan<long> values, int count);
    [LibraryImport(Library)] internal static partial nint rt_transpose(nint self, long dim0, long dim1);
    [LibraryImport(Library)] internal static partial nint rt_t(nint self);
    [LibraryImport(Library)] internal static partial nint rt_unsqueeze(nint self, long dim);
    [LibraryImport(Library)] internal static partial nint rt_squeeze(nint self);
    [LibraryImport(Library)] internal static partial nint rt_squeeze_dim(nint self, long dim);
    [LibraryImport(Library)] internal static partial nint rt_narrow(nint self, long dim, long start, long length);
    [LibraryImport(Library)] internal static partial nint rt_slice(nint self, long dim, long start, long end, long step);
    [LibraryImport(Library)] internal static partial nint rt_select(nint self, long dim, long index);
    [LibraryImport(Library)] internal static partial nint rt_get(nint self, ReadOnlySpan<long> indices, int count);
    [LibraryImport(Library)] internal static partial int rt_set(nint self, ReadOnlySpan<long> indices, int count, nint source);
    [LibraryImport(Library)]
    internal static partial nint rt_as_strided(nint self, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, int count, long offset);
    [LibraryImport(Library)] internal static partial nint rt_index_select(nint self, long dim, nint index);
    [LibraryImport(Library)] internal static partial nint rt_masked_select(nint self, nint mask);
    [LibraryImport(Library)] internal static partial nint rt_gather(nint self, long dim, nint index);
    [LibraryImport(Library)] internal static partial nint rt_scatter(nint self, long dim, nint index, nint source);
    [LibraryImport(Library)] internal static partial int rt_scatter_(nint self, long dim, nint index, nint source);
    [LibraryImport(Library)] internal static partial nint rt_scatter_add(nint self, long dim, nint index, nint source);
    [LibraryImport(Library)] internal static partial int rt_scatter_add_(nint self, long dim, nint index, nint source);
    [LibraryImport(Library)] internal static partial nint rt_nonzero(nint self);
    [LibraryImport(Library)] internal static partial nint rt_tril(nint self, long diagonal);
    [LibraryImport(Library)] internal static partial nint rt_triu(nint self, long diagonal);
    [LibraryImport(Library)] internal static partial nint rt_cat(ReadOnlySpan<nint> handles, int count, long dim);
    [LibraryImport(Library)] internal static partial nint rt_stack(ReadOnlySpan<nint> handles, int count, long dim);
    [LibraryImport(Library)]
    internal static partial int rt_chunk(nint self, long chunks, long dim, Span<nint> handles, int capacity, out int count);
    [LibraryImport(Library)]
    internal static partial int rt_split(nint self, long size, long dim, Span<nint> handles, int capacity, out int count);
    [LibraryImport(Library)]
    internal static partial int rt_split_sizes(
        nint self, ReadOnlySpan<long> values, long dim, Span<nint> handles, int capacity, out int count);
    [LibraryImport(Library)] internal static partial int rt_unbind(nint self, long dim, Span<nint> handles, int capacity, out int count);
    [LibraryImport(Library)] internal static partial nint rt_index(nint self, ReadOnlySpan<NativeIndex> entries, int count);
    [LibraryImport(Library)] internal static partial int rt_index_put_(nint self, ReadOnlySpan<NativeIndex> entries, int count, nint value);
    [LibraryImport(Library)]
    internal static partial int rt_index_put__scalar(nint self, ReadOnlySpan<NativeIndex> entries, int count, NativeScalar value);
}

/// <summary>One entry of an indexing expression; see rt_index_entry.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeIndex
{
    internal long Kind;
    internal long Start;
    internal long Stop;
    internal long Step;
    internal nint Tensor;
}
