using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>native/torch/factories.cpp and random.cpp.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial nint rt_empty(ReadOnlySpan<long> shape, int count, NativeOptions options);
    [LibraryImport(Library)] internal static partial nint rt_zeros(ReadOnlySpan<long> shape, int count, NativeOptions options);
    [LibraryImport(Library)] internal static partial nint rt_ones(ReadOnlySpan<long> shape, int count, NativeOptions options);
    [LibraryImport(Library)]
    internal static partial nint rt_full(ReadOnlySpan<long> shape, int count, NativeScalar value, NativeOptions options);
    [LibraryImport(Library)] internal static partial nint rt_empty_like(nint self, NativeOptions options);
    [LibraryImport(Library)] internal static partial nint rt_full_like(nint self, NativeScalar value, NativeOptions options);
    [LibraryImport(Library)]
    internal static partial nint rt_arange(NativeScalar start, NativeScalar stop, NativeScalar step, NativeOptions options);
    [LibraryImport(Library)] internal static partial nint rt_linspace(double start, double end, long steps, NativeOptions options);
    [LibraryImport(Library)] internal static partial nint rt_eye(long rows, long columns, NativeOptions options);
    [LibraryImport(Library)]
    internal static partial nint rt_from_blob(
        nint data, ReadOnlySpan<long> shape, int count, int dtype, delegate* unmanaged<nint, void> release, nint context);

    [LibraryImport(Library)]
    internal static partial nint rt_rand(ReadOnlySpan<long> shape, int count, nint source, int dtype, int deviceType, int deviceIndex);
    [LibraryImport(Library)]
    internal static partial nint rt_randn(ReadOnlySpan<long> shape, int count, nint source, int dtype, int deviceType, int deviceIndex);
    [LibraryImport(Library)]
    internal static partial nint rt_randint(
        long low, long high, ReadOnlySpan<long> shape, int count, nint source, int dtype, int deviceType, int deviceIndex);
    [LibraryImport(Library)] internal static partial nint rt_randperm(long n, nint source, int dtype, int deviceType, int deviceIndex);
    [LibraryImport(Library)]
    internal static partial nint rt_multinomial(nint self, long samples, [MarshalAs(UnmanagedType.U1)] bool replacement, nint source);
    [LibraryImport(Library)] internal static partial nint rt_bernoulli(nint self, nint source);
    [LibraryImport(Library)] internal static partial int rt_normal_(nint self, double mean, double deviation, nint source);
    [LibraryImport(Library)] internal static partial int rt_uniform_(nint self, double from, double to, nint source);
    [LibraryImport(Library)] internal static partial int rt_exponential_(nint self, double lambda, nint source);
    [LibraryImport(Library)] internal static partial int rt_manual_seed(ulong seed);
    [LibraryImport(Library)] internal static partial nint rt_generator_default();
    [LibraryImport(Library)] internal static partial nint rt_generator_new(ulong seed);
    [LibraryImport(Library)] internal static partial void rt_generator_release(nint self);
    [LibraryImport(Library)] internal static partial void rt_generator_seed(nint self, ulong seed);
    [LibraryImport(Library)] internal static partial ulong rt_generator_initial_seed(nint self);
    [LibraryImport(Library)] internal static partial nint rt_generator_state(nint self);
    [LibraryImport(Library)] internal static partial int rt_generator_set_state(nint self, nint state);
}

/// <summary>Type, place and gradient tracking of a new tensor; see rt_options.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NativeOptions(int dtype, int deviceType, int deviceIndex, [MarshalAs(UnmanagedType.U1)] bool requiresGrad)
{
    private readonly int _dtype = dtype;
    private readonly int _deviceType = deviceType;
    private readonly int _deviceIndex = deviceIndex;
    private readonly int _requiresGrad = requiresGrad ? 1 : 0;
}
