using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>y = x W^T + b.</summary>
        public static Linear Linear(
            long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null) =>
            new(inputSize, outputSize, hasBias, device, dtype);

        /// <summary>Cross-correlation with square filters and zero padding.</summary>
        public static Conv2d Conv2d(
            long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0, long dilation = 1,
            PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null,
            ScalarType? dtype = null) => Conv2d(
                in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), (padding, padding), (dilation, dilation),
                padding_mode, groups, bias, device, dtype);

        /// <summary>Cross-correlation with zero padding.</summary>
        /// <exception cref="NotSupportedException">The padding mode is not zeros.</exception>
        public static Conv2d Conv2d(
            long in_channels, long out_channels, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null,
            (long, long)? dilation = null, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true,
            Device? device = null, ScalarType? dtype = null) => padding_mode == PaddingModes.Zeros
                ? new(
                    in_channels, out_channels, kernel_size, stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1), groups, bias, device,
                    dtype)
                : throw new NotSupportedException($"padding mode {padding_mode} is not supported; use {PaddingModes.Zeros}");

        /// <summary>max(x, 0).</summary>
        public static ReLU ReLU(bool inplace = false) => new(inplace);

        /// <summary>Hyperbolic tangent.</summary>
        public static Tanh Tanh(bool inplace = false) => new(inplace);

        /// <summary>Merges dimensions.</summary>
        public static Flatten Flatten(long start_dim = 1, long end_dim = -1) => new(start_dim, end_dim);

        /// <summary>Modules one after another, named by position.</summary>
        public static Sequential Sequential(params Module<Tensor, Tensor>[] modules)
        {
            var sequential = new Sequential();
            foreach (var module in modules)
            {
                sequential.append(module);
            }

            return sequential;
        }

        /// <summary>Named modules one after another.</summary>
        public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules)
        {
            var sequential = new Sequential();
            foreach (var (name, module) in modules)
            {
                sequential.append(name, module);
            }

            return sequential;
        }
    }
}

/// <summary>What lies outside an image.</summary>
public enum PaddingModes
{
    /// <summary>Zeros.</summary>
    Zeros = 0,

    /// <summary>The image, mirrored.</summary>
    Reflect = 1,

    /// <summary>The nearest element.</summary>
    Replicate = 2,

    /// <summary>The opposite side.</summary>
    Circular = 3,

    /// <summary>A given value.</summary>
    Constant = 4,
}
