using Rapid.Agents.State;
using Rapid.Policies;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>
/// A diagonal Gaussian whose samples go through tanh into the box of actions: u = mean + std * noise, a = centre + scale * tanh(u).
/// Densities are those of a, in the units of the environment (Haarnoja et al. 2018, appendix C, with the box's scale in the Jacobian).
/// </summary>
/// <param name="noise">What its samples are made of; owned.</param>
internal abstract class SquashedGaussian(NoiseSource noise) : IDisposable
{
    /// <summary>The fastest for a device.</summary>
    /// <param name="layout">Of a <see cref="PolicyKind.SquashedGaussian"/>.</param>
    /// <param name="rows">B.</param>
    /// <param name="seed">Of the run.</param>
    /// <param name="tape">Of the learner.</param>
    /// <param name="device">Where samples are made.</param>
    public static SquashedGaussian Create(PolicyLayout layout, int rows, ulong seed, Tape tape, Device device)
    {
        var noise = new NoiseSource(seed, rows, layout.ActionSize, device);
        return device.type == TorchSharp.DeviceType.CPU
            ? new HostSquashedGaussian(layout, rows, tape, noise)
            : new TensorSquashedGaussian(layout, device, noise);
    }

    /// <summary>Draws actions, reparameterised: gradients go through them to the head, and the noise stays.</summary>
    /// <param name="head">[B, 2 act], means and then what becomes standard deviations.</param>
    /// <param name="actions">[B, act], overwritten.</param>
    /// <returns>The actions [B, act], and log pi(a|s) [B]; until the next draw.</returns>
    public (Tensor Actions, Tensor LogProbability) Draw(Tensor head, Tensor actions) => Draw(head, noise.Draw(), actions);

    /// <summary>The same with noise of the caller's.</summary>
    /// <param name="head">[B, 2 act].</param>
    /// <param name="given">[B, act], standard normal.</param>
    /// <param name="actions">[B, act], overwritten.</param>
    /// <returns>As <see cref="Draw(Tensor, Tensor)"/>.</returns>
    public abstract (Tensor Actions, Tensor LogProbability) Draw(Tensor head, Tensor given, Tensor actions);

    /// <summary>Visits the state of the noise.</summary>
    public void Visit(StateBag bag) => noise.Visit(bag);

    /// <inheritdoc/>
    public virtual void Dispose() => noise.Dispose();

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
