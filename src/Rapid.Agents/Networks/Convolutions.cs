using Rapid.Policies;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>The convolutions of a policy that sees frames.</summary>
internal abstract class Convolutions : IDisposable
{
    /// <summary>The fastest for a device.</summary>
    /// <param name="layout">Its encoder.</param>
    /// <param name="parameters">[layout.Length], of the policy.</param>
    /// <param name="gradients">[layout.Length], of the policy.</param>
    /// <param name="tape">Of the policy.</param>
    /// <param name="leaf">Makes an autograd leaf of a named parameter.</param>
    public static Convolutions Create(
        PolicyLayout layout, Tensor parameters, Tensor gradients, Tape tape, Func<string, Tensor> leaf) =>
        parameters.device.type == TorchSharp.DeviceType.CPU
            ? new HostConvolutions(layout, parameters, gradients, tape)
            : new TensorConvolutions(layout, leaf);

    /// <summary>Features [B, features]; with gradients switched on, those of the last such pass alone can go back.</summary>
    /// <param name="observations">[B, stack * height * width] uint8.</param>
    public abstract Tensor Forward(Tensor observations);

    /// <inheritdoc/>
    public abstract void Dispose();
}
