using Rapid.Policies.Encoders;
using Rapid.Policies.Kernels;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests;

/// <summary>The encoder that acts and learns without libtorch against libtorch's convolutions.</summary>
public sealed class PixelEncoderTests
{
    private static readonly TileKernel[] _kernels = [TileKernel.Narrow, TileKernel.Middle, TileKernel.Wide];

    public static TheoryData<Encoder, int> Variants()
    {
        var data = new TheoryData<Encoder, int>();
        foreach (var encoder in (Encoder[])[Encoder.Nature, Encoder.Ikostrikov, Encoder.Ppo1])
        {
            foreach (var kernel in _kernels)
            {
                data.Add(encoder, kernel.Columns);
            }
        }

        return data;
    }

    [Theory, MemberData(nameof(Variants))]
    public unsafe void Features_and_gradients_are_those_of_conv2d_and_autograd(Encoder kind, int width)
    {
        const int Rows = 11, Planes = 4, Height = 84, Width = 84;
        var shape = EncoderShape.Of(kind, Planes, Height, Width);
        var random = new Random(7);
        var pixels = new byte[Rows * Planes * Height * Width];
        random.NextBytes(pixels);
        float[] parameters = new float[shape.Length], features = new float[Rows * shape.Features], gradients = new float[shape.Length];
        foreach (var layer in shape.Layers)
        {
            for (var i = layer.WeightOffset; i < layer.End; i++)
            {
                parameters[i] = (random.NextSingle() * 2 - 1) * 1.5f / MathF.Sqrt(layer.PatchSize);
            }
        }

        float[] slopes = [.. features.Select(_ => random.NextSingle())];
        using var encoder = new FrameEncoder(shape, Rows, 2, true, _kernels.Single(kernel => kernel.Columns == width));
        fixed (byte* first = pixels)
        {
            var start = (nint)first;
            nint[] planes = [.. Enumerable.Range(0, Rows * Planes).Select(plane => start + plane * Height * Width)];
            encoder.Forward(planes, parameters, features, forBackward: true);
            encoder.Backward(parameters, slopes, gradients);
        }

        using var scope = NewDisposeScope();
        var flat = tensor(parameters, requires_grad: true);
        var x = tensor(pixels, [Rows, Planes, Height, Width]).to(ScalarType.Float32) / 255f;
        foreach (var layer in shape.Layers)
        {
            var (kernel, stride) = (layer.Convolution.Kernel, layer.Convolution.Stride);
            var weight = flat.narrow(0, layer.WeightOffset, layer.Channels * layer.PatchSize)
                .view(layer.Channels, layer.InputChannels, kernel, kernel);
            x = nn.functional.conv2d(x, weight, flat.narrow(0, layer.BiasOffset, layer.Channels), strides: [stride, stride]).relu();
        }

        (x.flatten() * tensor(slopes)).sum().backward();
        AssertClose(x.detach().flatten(), features);
        AssertClose(flat.grad!, gradients);
    }

    private static void AssertClose(Tensor expected, float[] actual)
    {
        var difference = (expected - tensor(actual)).abs().max().item<float>();
        var largest = expected.abs().max().item<float>();
        Assert.True(difference <= 1e-4 * largest, $"off by {difference} where the largest is {largest}");
    }
}
