using Rapid.Policies.Encoders;
using static TorchSharp.torch;

namespace Rapid.Benchmarks;

/// <summary>The same network as one writes it with libtorch: from bytes [B, planes, height, width] to features, back by autograd.</summary>
internal sealed class TorchEncoder : IDisposable
{
    private readonly EncoderShape _shape;
    private readonly List<(Tensor Weight, Tensor Bias)> _layers = [];

    public TorchEncoder(EncoderShape shape, float[] parameters)
    {
        _shape = shape;
        foreach (var layer in shape.Layers)
        {
            var (kernel, patch) = (layer.Convolution.Kernel, layer.Channels * layer.PatchSize);
            using var flat = tensor(parameters.AsSpan(layer.WeightOffset, patch).ToArray());
            var weight = flat.view(layer.Channels, layer.InputChannels, kernel, kernel).clone();
            var bias = tensor(parameters.AsSpan(layer.BiasOffset, layer.Channels).ToArray());
            _layers.Add((weight.requires_grad_(), bias.requires_grad_()));
        }
    }

    /// <summary>[B, features].</summary>
    /// <param name="frames">[B, planes, height, width], uint8.</param>
    public Tensor Forward(Tensor frames)
    {
        using var scope = NewDisposeScope();
        var x = frames.to(ScalarType.Float32) / 255f;
        foreach (var (layer, (weight, bias)) in _shape.Layers.Zip(_layers))
        {
            x = nn.functional.conv2d(x, weight, bias, strides: [layer.Convolution.Stride, layer.Convolution.Stride]).relu();
        }

        return x.flatten(1).MoveToOuterDisposeScope();
    }

    /// <summary>Forward, and back from a gradient of the features.</summary>
    public void ForwardAndBackward(Tensor frames, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        foreach (var parameter in Parameters)
        {
            parameter.grad?.zero_();
        }

        autograd.backward(Forward(frames), gradient);
    }

    /// <summary>Gradients in the order of the flat parameters.</summary>
    public float[] Gradients() => [.. Parameters.SelectMany(parameter => parameter.grad!.data<float>().ToArray())];

    public void Dispose()
    {
        foreach (var parameter in Parameters)
        {
            parameter.Dispose();
        }
    }

    private IEnumerable<Tensor> Parameters => _layers.SelectMany(layer => new[] { layer.Weight, layer.Bias });
}
