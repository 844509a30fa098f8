using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>native/torch/autograd.cpp.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial int rt_backward_scalar(nint self);
    [LibraryImport(Library)]
    internal static partial int rt_backward(
        ReadOnlySpan<nint> tensors, int tensorCount, ReadOnlySpan<nint> gradients, int gradientCount,
        [MarshalAs(UnmanagedType.U1)] bool retainGraph, [MarshalAs(UnmanagedType.U1)] bool createGraph,
        ReadOnlySpan<nint> inputs, int inputCount);
    [LibraryImport(Library)]
    internal static partial int rt_autograd_grad(
        ReadOnlySpan<nint> outputs, int outputCount, ReadOnlySpan<nint> inputs, int inputCount, ReadOnlySpan<nint> gradients,
        int gradientCount, [MarshalAs(UnmanagedType.U1)] bool retainGraph, [MarshalAs(UnmanagedType.U1)] bool createGraph,
        [MarshalAs(UnmanagedType.U1)] bool allowUnused, Span<nint> results);

    [LibraryImport(Library), SuppressGCTransition][return: MarshalAs(UnmanagedType.U1)] internal static partial bool rt_grad_enabled();
    [LibraryImport(Library), SuppressGCTransition]
    internal static partial void rt_set_grad_enabled([MarshalAs(UnmanagedType.U1)] bool enabled);
    [LibraryImport(Library)][return: MarshalAs(UnmanagedType.U1)] internal static partial bool rt_inference_mode_enabled();
    [LibraryImport(Library)] internal static partial nint rt_inference_mode_enter([MarshalAs(UnmanagedType.U1)] bool enabled);
    [LibraryImport(Library)] internal static partial void rt_inference_mode_leave(nint guard);

    [LibraryImport(Library)] internal static partial int rt_get_num_threads();
    [LibraryImport(Library)] internal static partial int rt_set_num_threads(int count);
    [LibraryImport(Library)] internal static partial int rt_get_num_interop_threads();
    [LibraryImport(Library)] internal static partial int rt_set_num_interop_threads(int count);
    [LibraryImport(Library)] internal static partial int rt_cuda_device_count(out int count);
    [LibraryImport(Library)] internal static partial int rt_cuda_synchronize(int index);
}
