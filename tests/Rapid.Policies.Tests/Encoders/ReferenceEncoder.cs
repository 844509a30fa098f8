using Rapid.Policies.Encoders;

namespace Rapid.Policies.Tests.Encoders;

/// <summary>Convolutions as the definition has them, in double precision.</summary>
internal static class ReferenceEncoder
{
    /// <summary>Features [rows, features] and the gradient of all parameters of sum(features * featureGradient).</summary>
    public static (double[] Features, double[] Gradients) Compute(Frames frames)
    {
        var shape = frames.Shape;
        double[] gradients = new double[shape.Length], features = new double[frames.Rows * shape.Features];
        for (var row = 0; row < frames.Rows; row++)
        {
            var inputs = new List<double[]> { Input(frames, row) };
            foreach (var layer in shape.Layers)
            {
                inputs.Add(Forward(layer, inputs[^1], frames.Parameters));
            }

            inputs[^1].CopyTo(features, row * shape.Features);
            double[] gradient = [.. frames.FeatureGradient.Skip(row * shape.Features).Take(shape.Features).Select(value => (double)value)];
            for (var i = shape.Layers.Count - 1; i >= 0; i--)
            {
                gradient = Backward(shape.Layers[i], inputs[i], inputs[i + 1], gradient, frames.Parameters, gradients);
            }
        }

        return (features, gradients);
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

    private static double[] Forward(EncoderLayer layer, double[] input, float[] parameters)
    {
        var output = new double[layer.Channels * layer.OutputHeight * layer.OutputWidth];
        ForEach(layer, (o, i, weight) => output[o] += input[i] * parameters[weight]);
        for (var o = 0; o < output.Length; o++)
        {
            output[o] = Math.Max(0, output[o] + parameters[layer.BiasOffset + o / (layer.OutputHeight * layer.OutputWidth)]);
        }

        return output;
    }

    private static double[] Backward(
        EncoderLayer layer, double[] input, double[] output, double[] gradient, float[] parameters, double[] gradients)
    {
        double[] delta = [.. gradient.Select((value, o) => output[o] > 0 ? value : 0)];
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
