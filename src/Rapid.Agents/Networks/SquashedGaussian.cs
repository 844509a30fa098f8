using Rapid.Policies;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>
/// A diagonal Gaussian whose samples go through tanh into the box of actions: u = mean + std * noise, a = centre + scale * tanh(u).
/// Densities are those of a, in the units of the environment (Haarnoja et al. 2018, appendix C, with the box's scale in the Jacobian).
/// </summary>
internal abstract class SquashedGaussian : IDisposable
{
    /// <summary>The fastest for a device.</summary>
    /// <param name="layout">Of a <see cref="PolicyKind.SquashedGaussian"/>.</param>
    /// <param name="rows">B.</param>
    /// <param name="device">Where samples are made.</param>
    public static SquashedGaussian Create(PolicyLayout layout, int rows, Device device) => device.type == TorchSharp.DeviceType.CPU
        ? new HostSquashedGaussian(layout, rows)
        : new TensorSquashedGaussian(layout, device);

    /// <summary>A sample and what its backward pass needs; lives as long as the dispose scope it was made in, and no longer than to the
    /// next draw.</summary>
    /// <param name="LogProbability">[B], log pi(a|s).</param>
    /// <param name="Squashed">[B, act], tanh(u).</param>
    /// <param name="Noise">[B, act].</param>
    /// <param name="Std">[B, act].</param>
    /// <param name="Slope">[B, act], derivative of log std by the head's output.</param>
    internal sealed record Sample(Tensor LogProbability, Tensor Squashed, Tensor Noise, Tensor Std, Tensor Slope);

    /// <summary>Draws actions.</summary>
    /// <param name="head">[B, 2 act], means and then what becomes standard deviations.</param>
    /// <param name="noise">[B, act], standard normal.</param>
    /// <param name="actions">[B, act], overwritten.</param>
    public abstract Sample Draw(Tensor head, Tensor noise, Tensor actions);

    /// <summary>Gradient of mean(alpha log pi(a|s)) + L(a) by the head's outputs.</summary>
    /// <param name="sample">From <see cref="Draw"/>.</param>
    /// <param name="actionGradient">[B, act], gradient of L by the actions.</param>
    /// <param name="entropyWeight">[1], alpha / B.</param>
    /// <param name="headGradient">[B, 2 act], overwritten.</param>
    public abstract void Backward(Sample sample, Tensor actionGradient, Tensor entropyWeight, Tensor headGradient);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Centre and half width of the box of actions: [act] each.</summary>
    protected static (float[] Centre, float[] Scale) Box(PolicyLayout layout)
    {
        var box = layout.ActionBox!;
        return (
            [.. box.High.Zip(box.Low, (high, low) => (high + low) / 2)],
            [.. box.High.Zip(box.Low, (high, low) => (high - low) / 2)]);
    }

    /// <summary>act/2 log(2 pi) + sum(log scale), what densities lose whatever the sample is.</summary>
    protected static double Constant(float[] scale) =>
        0.5 * Math.Log(2 * Math.PI) * scale.Length + scale.Sum(value => Math.Log(value));
}
