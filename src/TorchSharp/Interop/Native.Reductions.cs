using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>native/torch/reductions.cpp.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial nint rt_all(nint self);
    [LibraryImport(Library)] internal static partial nint rt_any(nint self);
    [LibraryImport(Library)] internal static partial nint rt_max(nint self);
    [LibraryImport(Library)] internal static partial nint rt_min(nint self);
    [LibraryImport(Library)] internal static partial nint rt_argmax(nint self);
    [LibraryImport(Library)] internal static partial nint rt_argmin(nint self);
    [LibraryImport(Library)] internal static partial nint rt_median(nint self);
    [LibraryImport(Library)] internal static partial nint rt_sum(nint self, int dtype);
    [LibraryImport(Library)]
    internal static partial nint rt_sum_dims(
        nint self, ReadOnlySpan<long> dims, int count, [MarshalAs(UnmanagedType.U1)] bool keepdim, int dtype);
    [LibraryImport(Library)] internal static partial nint rt_mean(nint self, int dtype);
    [LibraryImport(Library)]
    internal static partial nint rt_mean_dims(
        nint self, ReadOnlySpan<long> dims, int count, [MarshalAs(UnmanagedType.U1)] bool keepdim, int dtype);
    [LibraryImport(Library)] internal static partial nint rt_prod(nint self, int dtype);
    [LibraryImport(Library)]
    internal static partial nint rt_prod_dim(nint self, long dim, [MarshalAs(UnmanagedType.U1)] bool keepdim, int dtype);
    [LibraryImport(Library)] internal static partial nint rt_std(nint self, [MarshalAs(UnmanagedType.U1)] bool unbiased);
    [LibraryImport(Library)]
    internal static partial nint rt_std_dims(
        nint self, ReadOnlySpan<long> dims, int count, [MarshalAs(UnmanagedType.U1)] bool unbiased,
        [MarshalAs(UnmanagedType.U1)] bool keepdim);
    [LibraryImport(Library)] internal static partial nint rt_var(nint self, [MarshalAs(UnmanagedType.U1)] bool unbiased);
    [LibraryImport(Library)]
    internal static partial nint rt_var_dims(
        nint self, ReadOnlySpan<long> dims, int count, [MarshalAs(UnmanagedType.U1)] bool unbiased,
        [MarshalAs(UnmanagedType.U1)] bool keepdim);
    [LibraryImport(Library)] internal static partial nint rt_all_dim(nint self, long dim, [MarshalAs(UnmanagedType.U1)] bool keepdim);
    [LibraryImport(Library)] internal static partial nint rt_any_dim(nint self, long dim, [MarshalAs(UnmanagedType.U1)] bool keepdim);
    [LibraryImport(Library)] internal static partial nint rt_argmax_dim(nint self, long dim, [MarshalAs(UnmanagedType.U1)] bool keepdim);
    [LibraryImport(Library)] internal static partial nint rt_argmin_dim(nint self, long dim, [MarshalAs(UnmanagedType.U1)] bool keepdim);
    [LibraryImport(Library)] internal static partial nint rt_logsumexp(nint self, long dim, [MarshalAs(UnmanagedType.U1)] bool keepdim);
    [LibraryImport(Library)]
    internal static partial int rt_max_dim(
        nint self, long dim, [MarshalAs(UnmanagedType.U1)] bool keepdim, out nint values, out nint indices);
    [LibraryImport(Library)]
    internal static partial int rt_min_dim(
        nint self, long dim, [MarshalAs(UnmanagedType.U1)] bool keepdim, out nint values, out nint indices);
    [LibraryImport(Library)]
    internal static partial nint rt_amax(nint self, ReadOnlySpan<long> dims, int count, [MarshalAs(UnmanagedType.U1)] bool keepdim);
    [LibraryImport(Library)]
    internal static partial nint rt_amin(nint self, ReadOnlySpan<long> dims, int count, [MarshalAs(UnmanagedType.U1)] bool keepdim);
    [LibraryImport(Library)]
    internal static partial int rt_sort(
        nint self, long dim, [MarshalAs(UnmanagedType.U1)] bool descending,
        [MarshalAs(UnmanagedType.U1)] bool stable, out nint values, out nint indices);
    [LibraryImport(Library)]
    internal static partial int rt_topk(
        nint self, long k, long dim, [MarshalAs(UnmanagedType.U1)] bool largest,
        [MarshalAs(UnmanagedType.U1)] bool sorted, out nint values, out nint indices);
    [LibraryImport(Library)] internal static partial nint rt_argsort(nint self, long dim, [MarshalAs(UnmanagedType.U1)] bool descending);
    [LibraryImport(Library)] internal static partial nint rt_cumsum(nint self, long dim, int dtype);
    [LibraryImport(Library)] internal static partial nint rt_cumprod(nint self, long dim, int dtype);
    [LibraryImport(Library)] internal static partial nint rt_norm(nint self, double p);
    [LibraryImport(Library)]
    internal static partial nint rt_norm_dim(nint self, double p, long dim, [MarshalAs(UnmanagedType.U1)] bool keepdim);
    [LibraryImport(Library)] internal static partial nint rt_softmax(nint self, long dim, int dtype);
    [LibraryImport(Library)] internal static partial nint rt_log_softmax(nint self, long dim, int dtype);
}
