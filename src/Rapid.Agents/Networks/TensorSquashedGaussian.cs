using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>A <see cref="SquashedGaussian"/> of the tensor library's operations, for any device.</summary>
internal sealed class TensorSquashedGaussian : SquashedGaussian
{
    private readonly int _actions;
    private readonly StdParameterization _parameterization;
    private readonly Tensor _centre; // [act]
    private readonly Tensor _scale; // [act]
    private readonly double _constant;

    /// <param name="layout">Of a <see cref="PolicyKind.SquashedGaussian"/>.</param>
    /// <param name="device">Where samples are made.</param>
    public TensorSquashedGaussian(PolicyLayout layout, Device device)
    {
        (_actions, _parameterization) = (layout.ActionSize, layout.StdParameterization);
        var (centre, scale) = Box(layout);
        _constant = Constant(scale);
        using var scope = NewDisposeScope();
        _scale = tensor(scale).to(device, copy: true).DetachFromDisposeScope();
        _centre = tensor(centre).to(device, copy: true).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override Sample Draw(Tensor head, Tensor noise, Tensor actions)
    {
        var mean = head.narrow(1, 0, _actions);
        var (logStd, slope) = LogStd(head.narrow(1, _actions, _actions));
        var std = logStd.exp();
        var u = addcmul(mean, std, noise, 1);
        var squashed = u.tanh();
        actions.copy_(addcmul(_centre, squashed, _scale, 1));

        // log(1 - tanh(u)^2) = 2 (log 2 - u - softplus(-2u)) does not cancel for large |u|.
        var jacobian = (u + (u * -2).softplus()) * -2 + 2 * Math.Log(2);
        var logProbability = (noise * noise * -0.5 - logStd - jacobian).sum(1) - _constant;
        return new Sample(logProbability, squashed, noise, std, slope);
    }

    /// <inheritdoc/>
    public override void Backward(Sample sample, Tensor actionGradient, Tensor entropyWeight, Tensor headGradient)
    {
        // The noise is fixed: d log pi / du = 2 tanh(u), d log pi / d log std = -1 beside what goes through u.
        var throughTanh = actionGradient * _scale * (1 - sample.Squashed * sample.Squashed);
        var u = sample.Squashed * (entropyWeight * 2) + throughTanh;
        headGradient.narrow(1, 0, _actions).copy_(u);
        headGradient.narrow(1, _actions, _actions).copy_((u * sample.Noise * sample.Std - entropyWeight) * sample.Slope);
    }

    /// <inheritdoc/>
    public override void Dispose()
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
