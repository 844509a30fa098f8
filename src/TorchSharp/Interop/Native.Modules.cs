using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>native/torch/nn.cpp and optim.cpp.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial nint rt_conv2d(
        nint input, nint weight, nint bias, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, ReadOnlySpan<long> dilation,
        long groups);
    [LibraryImport(Library)]
    internal static partial nint rt_layer_norm(nint input, ReadOnlySpan<long> shape, int count, nint weight, nint bias, double eps);
    [LibraryImport(Library)] internal static partial nint rt_one_hot(nint self, long classes);
    [LibraryImport(Library)] internal static partial nint rt_mse_loss(nint input, nint target, long reduction);
    [LibraryImport(Library)] internal static partial nint rt_l1_loss(nint input, nint target, long reduction);
    [LibraryImport(Library)] internal static partial nint rt_smooth_l1_loss(nint input, nint target, long reduction, double beta);
    [LibraryImport(Library)] internal static partial nint rt_huber_loss(nint input, nint target, long reduction, double delta);
    [LibraryImport(Library)]
    internal static partial nint rt_binary_cross_entropy_with_logits(
        nint input, nint target, nint weight, nint positiveWeight, long reduction);
    [LibraryImport(Library)]
    internal static partial nint rt_cross_entropy(
        nint input, nint target, nint weight, long reduction, long ignoreIndex, double labelSmoothing);
    [LibraryImport(Library)] internal static partial int rt_init_orthogonal_(nint self, double gain);
    [LibraryImport(Library)] internal static partial int rt_init_xavier_uniform_(nint self, double gain);
    [LibraryImport(Library)] internal static partial int rt_init_constant_(nint self, NativeScalar value);
    [LibraryImport(Library)] internal static partial int rt_init_uniform_(nint self, double low, double high);
    [LibraryImport(Library)] internal static partial int rt_init_normal_(nint self, double mean, double deviation);

    [LibraryImport(Library)]
    internal static partial int rt_adam_step(Span<NativeAdamState> states, int count, in NativeAdamOptions options);
    [LibraryImport(Library)]
    internal static partial int rt_rmsprop_step(Span<NativeRmsPropState> states, int count, in NativeRmsPropOptions options);
    [LibraryImport(Library)] internal static partial int rt_sgd_step(Span<NativeSgdState> states, int count, in NativeSgdOptions options);
    [LibraryImport(Library)]
    internal static partial int rt_clip_grad_norm_(
        ReadOnlySpan<nint> parameters, int count, double maxNorm, double order, out double total);
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeAdamState
{
    internal nint Parameter, Mean, Square, MaxSquare;
    internal long Step;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeAdamOptions
{
    internal double Rate, Beta1, Beta2, Eps, WeightDecay;
    internal int Maximize;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeRmsPropState
{
    internal nint Parameter, Square, Momentum, Mean;
    internal long Step;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeRmsPropOptions
{
    internal double Rate, Alpha, Eps, WeightDecay, Momentum;
    internal int Maximize;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeSgdState
{
    internal nint Parameter, Momentum;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeSgdOptions
{
    internal double Rate, Momentum, Dampening, WeightDecay;
    internal int Nesterov, Maximize;
}
