using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Learner.Networks;

/// <summary>
/// A diagonal Gaussian whose samples go through tanh into the box of actions: u = mean + std * noise, a = centre + scale * tanh(u).
/// Densities are those of a, in the units of the environment (Haarnoja et al. 2018, appendix C, with the box's scale in the Jacobian).
/// </summary>
internal sealed class SquashedGaussian : IDisposable
{
    private static readonly double HalfLogTwoPi = 0.5 * Math.Log(2 * Math.PI), LogTwo = Math.Log(2);

    private readonly int _actions;
    private readonly StdParameterization _parameterization;
    private readonly Tensor _centre; // [act]
    private readonly Tensor _scale; // [act]
    private readonly double _constant; // act/2 log(2 pi) + sum(log scale)

    /// <param name="layout">Of a <see cref="PolicyKind.SquashedGaussian"/>.</param>
    /// <param name="device">Where samples are made.</param>
    public SquashedGaussian(PolicyLayout layout, Device device)
    {
        var box = layout.ActionBox!;
        (_actions, _parameterization) = (layout.ActionSize, layout.StdParameterization);
        float[] scale = [.. box.High.Zip(box.Low, (high, low) => (high - low) / 2)];
        float[] centre = [.. box.High.Zip(box.Low, (high, low) => (high + low) / 2)];
        _constant = HalfLogTwoPi * _actions + scale.Sum(value => Math.Log(value));
        using var scope = NewDisposeScope();
        _scale = tensor(scale).to(device, copy: true).DetachFromDisposeScope();
        _centre = tensor(centre).to(device, copy: true).DetachFromDisposeScope();
    }

    /// <summary>A sample and what its backward pass needs; lives as long as the dispose scope it was made in.</summary>
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
    public Sample Draw(Tensor head, Tensor noise, Tensor actions)
    {
        var mean = head.narrow(1, 0, _actions);
        var (logStd, slope) = LogStd(head.narrow(1, _actions, _actions));
        var std = logStd.exp();
        var u = addcmul(mean, std, noise, 1);
        var squashed = u.tanh();
        actions.copy_(addcmul(_centre, squashed, _scale, 1));

        // log(1 - tanh(u)^2) = 2 (log 2 - u - softplus(-2u)) does not cancel for large |u|.
        var jacobian = (u + (u * -2).softplus()) * -2 + 2 * LogTwo;
        var logProbability = (noise * noise * -0.5 - logStd - jacobian).sum(1) - _constant;
        return new Sample(logProbability, squashed, noise, std, slope);
    }

    /// <summary>Gradient of mean(alpha log pi(a|s)) + L(a) by the head's outputs.</summary>
    /// <param name="sample">From <see cref="Draw"/>.</param>
    /// <param name="actionGradient">[B, act], gradient of L by the actions.</param>
    /// <param name="entropyWeight">Scalar, alpha / B.</param>
    /// <param name="headGradient">[B, 2 act], overwritten.</param>
    public void Backward(Sample sample, Tensor actionGradient, Tensor entropyWeight, Tensor headGradient)
    {
        // The noise is fixed: d log pi / du = 2 tanh(u), d log pi / d log std = -1 beside what goes through u.
        var throughTanh = actionGradient * _scale * (1 - sample.Squashed * sample.Squashed);
        var u = sample.Squashed * (entropyWeight * 2) + throughTanh;
        headGradient.narrow(1, 0, _actions).copy_(u);
        headGradient.narrow(1, _actions, _actions).copy_((u * sample.Noise * sample.Std - entropyWeight) * sample.Slope);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _centre.Dispose();
        _scale.Dispose();
    }

    /// <summary>log std and its derivative by the head's output.</summary>
    private (Tensor LogStd, Tensor Slope) LogStd(Tensor raw)
    {
        switch (_parameterization)
        {
            case StdParameterization.TanhLogStd:
                const double HalfRange = (StdBounds.LogStdHigh - StdBounds.LogStdLow) / 2;
                var squashed = raw.tanh();
                return (squashed * HalfRange + (StdBounds.LogStdLow + HalfRange), (1 - squashed * squashed) * HalfRange);
            case StdParameterization.ClippedLogStd:
                return (raw.clamp(StdBounds.ClippedLow, StdBounds.LogStdHigh), Within(raw, StdBounds.ClippedLow, StdBounds.LogStdHigh));
            default:
                var clipped = raw.clamp(-StdBounds.SoftplusClip, StdBounds.SoftplusClip);
                var std = clipped.softplus();
                return (std.log(), clipped.sigmoid() / std * Within(raw, -StdBounds.SoftplusClip, StdBounds.SoftplusClip));
        }
    }

    private static Tensor Within(Tensor raw, double low, double high) => raw.ge(low).logical_and(raw.le(high)).to_type(ScalarType.Float32);
}
