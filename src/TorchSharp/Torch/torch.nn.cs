using TorchSharp.Interop;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Networks.</summary>
    public static partial class nn
    {
        /// <summary>How the elements of a loss become the result.</summary>
        public enum Reduction : long
        {
            /// <summary>Unchanged.</summary>
            None = 0,

            /// <summary>Their mean.</summary>
            Mean = 1,

            /// <summary>Their sum.</summary>
            Sum = 2,
        }

        /// <summary>Takes over a tensor, which is invalid afterwards.</summary>
        public static Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);

        /// <summary>Helpers for training.</summary>
        public static partial class utils
        {
            /// <summary>Scales the gradients so that their common norm is at most max_norm.</summary>
            /// <param name="tensors">Parameters; those without a gradient are skipped.</param>
            /// <param name="max_norm">The largest norm that stays unchanged.</param>
            /// <param name="norm_type">The order of the norm.</param>
            /// <returns>The norm before scaling.</returns>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2.0)
            {
                var handles = Handles(tensors);
                Native.Check(Native.rt_clip_grad_norm_(handles, handles.Length, max_norm, norm_type, out var total));
                GC.KeepAlive(tensors);
                return total;
            }
        }

        /// <summary>Stateless layers and losses.</summary>
        public static partial class functional
        {
            /// <summary>max(x, 0).</summary>
            public static Tensor relu(Tensor x, bool inplace = false) => inplace ? x.relu_().alias() : x.relu();

            /// <summary>Hyperbolic tangent.</summary>
            public static Tensor tanh(Tensor x, bool inplace = false) => inplace ? x.tanh_().alias() : x.tanh();

            /// <summary>1 / (1 + e^-x).</summary>
            public static Tensor sigmoid(Tensor x) => x.sigmoid();

            /// <summary>log(1 + e^(beta x)) / beta; x itself where beta x exceeds the threshold.</summary>
            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => x.softplus(beta, threshold);

            /// <summary>e^x / sum(e^x) along a dimension.</summary>
            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

            /// <summary>x - log(sum(e^x)) along a dimension.</summary>
            public static Tensor log_softmax(Tensor x, long dim) => x.log_softmax(dim);

            /// <summary>x @ weights^T + bias.</summary>
            /// <param name="input">[..., in].</param>
            /// <param name="weights">[out, in].</param>
            /// <param name="bias">[out], or null.</param>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) =>
                Tensor.New(Native.rt_linear(input.Handle, weights.Handle, bias?.Handle ?? 0), input, weights, bias);

            /// <summary>Cross-correlation of images with filters.</summary>
            /// <param name="input">[N, in, height, width].</param>
            /// <param name="weight">[out, in / groups, height, width].</param>
            /// <param name="bias">[out], or null.</param>
            /// <param name="strides">Step in both directions; 1 if null.</param>
            /// <param name="padding">Zeros added on both sides in both directions; 0 if null.</param>
            /// <param name="dilation">Distance of the filter's elements; 1 if null.</param>
            /// <param name="groups">Independent groups of channels.</param>
            public static Tensor conv2d(
                Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null,
                long groups = 1) => Tensor.New(
                    Native.rt_conv2d(
                        input.Handle, weight.Handle, bias?.Handle ?? 0, Twice(strides, 1), Twice(padding, 0), Twice(dilation, 1), groups),
                    input, weight, bias);

            /// <summary>Each vector of the last dimensions made zero-mean and unit-variance, then scaled and shifted.</summary>
            public static Tensor layer_norm(
                Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) => Tensor.New(
                    Native.rt_layer_norm(
                        input.Handle, normalized_shape, normalized_shape.Length, weight?.Handle ?? 0, bias?.Handle ?? 0, eps),
                    input, weight, bias);

            /// <summary>A new last dimension with 1 at each index; num_classes -1 takes the largest index.</summary>
            public static Tensor one_hot(Tensor x, long num_classes = -1) => Tensor.New(Native.rt_one_hot(x.Handle, num_classes), x);

            /// <summary>(input - target)^2.</summary>
            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                Tensor.New(Native.rt_mse_loss(input.Handle, target.Handle, (long)reduction), input, target);

            /// <summary>|input - target|.</summary>
            public static Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                Tensor.New(Native.rt_l1_loss(input.Handle, target.Handle, (long)reduction), input, target);

            /// <summary>Quadratic below beta, linear above, divided by beta (Girshick 2015).</summary>
            public static Tensor smooth_l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double beta = 1.0) =>
                Tensor.New(Native.rt_smooth_l1_loss(input.Handle, target.Handle, (long)reduction, beta), input, target);

            /// <summary>Quadratic below delta, linear above (Huber 1964).</summary>
            public static Tensor huber_loss(Tensor input, Tensor target, double delta = 1.0, Reduction reduction = Reduction.Mean) =>
                Tensor.New(Native.rt_huber_loss(input.Handle, target.Handle, (long)reduction, delta), input, target);

            /// <summary>Cross-entropy of targets in [0, 1] and sigmoid(input), computed without overflow.</summary>
            public static Tensor binary_cross_entropy_with_logits(
                Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? pos_weights = null)
            {
                var result = Native.rt_binary_cross_entropy_with_logits(
                    input.Handle, target.Handle, weight?.Handle ?? 0, pos_weights?.Handle ?? 0, (long)reduction);
                GC.KeepAlive(pos_weights);
                return Tensor.New(result, input, target, weight);
            }

            /// <summary>Cross-entropy of class indices (or probabilities) and softmax(input).</summary>
            public static Tensor cross_entropy(
                Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean,
                double label_smoothing = 0.0) => Tensor.New(
                    Native.rt_cross_entropy(
                        input.Handle, target.Handle, weight?.Handle ?? 0, (long)reduction, ignore_index, label_smoothing),
                    input, target, weight);

            private static long[] Twice(long[]? values, long otherwise) => values switch
            {
                null => [otherwise, otherwise],
                [var both] => [both, both],
                [_, _] => values,
                _ => throw new ArgumentException($"two values are needed, not {values.Length}", nameof(values)),
            };
        }

        /// <summary>In-place initialisers; they record no gradient.</summary>
        public static partial class init
        {
            /// <summary>A (semi-)orthogonal matrix times the gain (Saxe et al. 2013).</summary>
            public static Tensor orthogonal_(Tensor tensor, double gain = 1.0) =>
                Filled(tensor, Native.rt_init_orthogonal_(tensor.Handle, gain));

            /// <summary>Uniform within gain sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).</summary>
            public static Tensor xavier_uniform_(Tensor tensor, double gain = 1.0) =>
                Filled(tensor, Native.rt_init_xavier_uniform_(tensor.Handle, gain));

            /// <summary>Zeros.</summary>
            public static Tensor zeros_(Tensor tensor) => Filled(tensor, Native.rt_init_constant_(tensor.Handle, 0));

            /// <summary>Ones.</summary>
            public static Tensor ones_(Tensor tensor) => Filled(tensor, Native.rt_init_constant_(tensor.Handle, 1));

            /// <summary>One value.</summary>
            public static Tensor constant_(Tensor tensor, Scalar val) => Filled(tensor, Native.rt_init_constant_(tensor.Handle, val.Value));

            /// <summary>Uniform numbers on [low, high).</summary>
            public static Tensor uniform_(Tensor tensor, double low = 0, double high = 1) =>
                Filled(tensor, Native.rt_init_uniform_(tensor.Handle, low, high));

            /// <summary>Normal numbers.</summary>
            public static Tensor normal_(Tensor tensor, double mean = 0, double std = 1) =>
                Filled(tensor, Native.rt_init_normal_(tensor.Handle, mean, std));

            private static Tensor Filled(Tensor tensor, int status)
            {
                Native.Check(status);
                return tensor;
            }
        }
    }
}
