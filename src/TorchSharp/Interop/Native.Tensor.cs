using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>native/torch/tensor.cpp.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial void rt_release(nint self);

    [LibraryImport(Library), SuppressGCTransition] internal static partial long rt_dim(nint self);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long rt_numel(nint self);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long rt_element_size(nint self);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int rt_dtype(nint self);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int rt_device_type(nint self);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int rt_device_index(nint self);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int rt_is_contiguous(nint self);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int rt_is_leaf(nint self);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int rt_requires_grad(nint self);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long rt_storage_offset(nint self);
    [LibraryImport(Library), SuppressGCTransition] internal static partial void rt_sizes(nint self, long* values);
    [LibraryImport(Library), SuppressGCTransition] internal static partial void rt_strides(nint self, long* values);

    [LibraryImport(Library)] internal static partial int rt_size(nint self, long dim, out long value);
    [LibraryImport(Library)] internal static partial int rt_stride(nint self, long dim, out long value);
    [LibraryImport(Library)] internal static partial int rt_data(nint self, out nint data);
    [LibraryImport(Library)] internal static partial int rt_item(nint self, out double floating, out long integral, out int kind);
    [LibraryImport(Library)] internal static partial int rt_equal(nint self, nint other, [MarshalAs(UnmanagedType.U1)] out bool equal);
    [LibraryImport(Library)]
    internal static partial int rt_allclose(
        nint self, nint other, double relative, double absolute, [MarshalAs(UnmanagedType.U1)] bool equalNan,
        [MarshalAs(UnmanagedType.U1)] out bool close);

    [LibraryImport(Library)] internal static partial int rt_set_requires_grad(nint self, [MarshalAs(UnmanagedType.U1)] bool requiresGrad);
    [LibraryImport(Library)] internal static partial int rt_retain_grad(nint self);
    [LibraryImport(Library)] internal static partial int rt_grad(nint self, out nint grad);
    [LibraryImport(Library)] internal static partial int rt_set_grad(nint self, nint grad);

    [LibraryImport(Library)] internal static partial nint rt_alias(nint self);
    [LibraryImport(Library)] internal static partial nint rt_detach(nint self);
    [LibraryImport(Library)] internal static partial int rt_detach_(nint self);
    [LibraryImport(Library)] internal static partial nint rt_clone(nint self);
    [LibraryImport(Library)] internal static partial nint rt_contiguous(nint self);
    [LibraryImport(Library)] internal static partial int rt_copy_(nint self, nint source, [MarshalAs(UnmanagedType.U1)] bool nonBlocking);
    [LibraryImport(Library)]
    internal static partial nint rt_to(
        nint self, int dtype, int deviceType, int deviceIndex, [MarshalAs(UnmanagedType.U1)] bool copy,
        [MarshalAs(UnmanagedType.U1)] bool nonBlocking);
    [LibraryImport(Library)]
    internal static partial nint rt_to_type(
        nint self, int dtype, [MarshalAs(UnmanagedType.U1)] bool copy, [MarshalAs(UnmanagedType.U1)] bool nonBlocking);
}
