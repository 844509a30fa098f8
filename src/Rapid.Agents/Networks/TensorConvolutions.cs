using Rapid.Policies;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary><see cref="Convolutions"/> of the tensor library's operations, for any device. Their gradients are autograd's.</summary>
/// <param name="layout">Its encoder.</param>
/// <param name="leaf">Makes an autograd leaf of a named parameter; stays the caller's.</param>
internal sealed class TensorConvolutions(PolicyLayout layout, Func<string, Tensor> leaf) : Convolutions
{
    private readonly (Tensor Weight, Tensor Bias, long Stride)[] _layers =
    [
        .. layout.Encoder!.Layers.Select((layer, i) => (leaf($"conv.{i}.weight"), leaf($"conv.{i}.bias"), (long)layer.Convolution.Stride)),
    ];

    /// <inheritdoc/>
    public override Tensor Forward(Tensor observations)
    {
        var shape = layout.Encoder!;
        var features = observations.to_type(ScalarType.Float32).mul_(1.0 / 255).view(-1, shape.Planes, shape.Height, shape.Width);
        foreach (var (weight, bias, stride) in _layers)
        {
            features = nn.functional.conv2d(features, weight, bias, [stride, stride]).relu();
        }

        return features.flatten(1);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
