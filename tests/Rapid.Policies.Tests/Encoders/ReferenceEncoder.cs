using Rapid.Policies.Encoders;

namespace Rapid.Policies.Tests.Encoders;

/// <summary>Convolutions as the definition has them, in double precision.</summary>
internal static class ReferenceEncoder
{
    /// <summary>
    /// A pre-activation this near to zero, as a part of the sum of its terms' sizes, may have another sign in single precision.
    /// </summary>
    private const double Rounding = 1e-6;

    /// <summary>
    /// Features [rows, features], the gradient of all parameters of sum(features * featureGradient), and how far each gradient may
    /// be off because a ReLU whose input is zero but for rounding is open or shut.
    /// </summary>
    public static (double[] Features, double[] Gradients, double[] Doubts) Compute(Frames frames)
    {
        var shape = frames.Shape;
        var features = new double[frames.Rows * shape.Features];
        double[] gradients = new double[shape.Length], doubts = new double[shape.Length];
        float[] sizes = [.. frames.Parameters.Select(Math.Abs)];
        for (var row = 0; row < frames.Rows; row++)
        {
            var (inputs, unsure) = (new List<double[]> { Input(frames, row) }, new List<bool[]>());
            foreach (var layer in shape.Layers)
            {
                var (output, nearZero) = Forward(layer, inputs[^1], frames.Parameters);
                inputs.Add(output);
                unsure.Add(nearZero);
            }

            inputs[^1].CopyTo(features, row * shape.Features);
            double[] gradient = [.. frames.FeatureGradient.Skip(row * shape.Features).Take(shape.Features).Select(value => (double)value)];
            var doubt = new double[gradient.Length];
            for (var i = shape.Layers.Count - 1; i >= 0; i--)
            {
                var (layer, input, output) = (shape.Layers[i], inputs[i], inputs[i + 1]);
                double[] delta = [.. gradient.Select((value, o) => output[o] > 0 ? value : 0)];
                double[] doubtOfDelta = [.. doubt.Select(
                    (value, o) => unsure[i][o] ? value + Math.Abs(gradient[o]) : output[o] > 0 ? value : 0)];
                gradient = Backward(layer, input, delta, frames.Parameters, gradients);
                doubt = doubtOfDelta.Any(value => value > 0)
                    ? Backward(layer, input, doubtOfDelta, sizes, doubts)
                    : new double[input.Length];
            }
        }

        return (features, gradients, doubts);
    }

    private static double[] Input(Frames frames, int row)
    {
        var shape = frames.Shape;
        var input = new double[shape.Planes * shape.Height * shape.Width];
        for (var i = 0; i < input.Length; i++)
        {
            var (plane, pixel) = (i / (shape.Height * shape.Width), i % (shape.Height * shape.Width));
            input[i] = frames.Pixel(row, plane, pixel / shape.Width, pixel % shape.Width) / 255.0;
        }

        return input;
    }

    private static (double[] Output, bool[] NearZero) Forward(EncoderLayer layer, double[] input, float[] parameters)
    {
        double[] output = new double[layer.Channels * layer.OutputHeight * layer.OutputWidth], size = new double[output.Length];
        ForEach(layer, (o, i, weight) => Add(o, input[i] * parameters[weight]));
        for (var o = 0; o < output.Length; o++)
        {
            Add(o, parameters[layer.BiasOffset + o / (layer.OutputHeight * layer.OutputWidth)]);
        }

        bool[] nearZero = [.. output.Select((value, o) => Math.Abs(value) <= Rounding * size[o])];
        return ([.. output.Select(value => Math.Max(0, value))], nearZero);

        void Add(int o, double term)
        {
            output[o] += term;
            size[o] += Math.Abs(term);
        }
    }

    private static double[] Backward(EncoderLayer layer, double[] input, double[] delta, float[] parameters, double[] gradients)
    {
        for (var o = 0; o < delta.Length; o++)
        {
            gradients[layer.BiasOffset + o / (layer.OutputHeight * layer.OutputWidth)] += delta[o];
        }

        var inputGradient = new double[input.Length];
        ForEach(layer, (o, i, weight) =>
        {
            gradients[weight] += delta[o] * input[i];
            inputGradient[i] += delta[o] * parameters[weight];
        });
        return inputGradient;
    }

    /// <summary>All products of a convolution: (output, input, weight), indices into [channels, height, width] and parameters.</summary>
    private static void ForEach(EncoderLayer layer, Action<int, int, int> product)
    {
        var (kernel, stride) = (layer.Convolution.Kernel, layer.Convolution.Stride);
        for (var o = 0; o < layer.Channels * layer.OutputHeight * layer.OutputWidth; o++)
        {
            var (filter, y, x) =
                (o / layer.OutputWidth / layer.OutputHeight, o / layer.OutputWidth % layer.OutputHeight, o % layer.OutputWidth);
            for (var w = 0; w < layer.PatchSize; w++)
            {
                var (channel, down, right) = (w / kernel / kernel, y * stride + w / kernel % kernel, x * stride + w % kernel);
                var input = (channel * layer.InputHeight + down) * layer.InputWidth + right;
                product(o, input, layer.WeightOffset + filter * layer.PatchSize + w);
            }
        }
    }
}
