using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>A <see cref="SquashedGaussian"/> of the tensor library's operations, for any device. Its gradients are autograd's.</summary>
internal sealed class TensorSquashedGaussian : SquashedGaussian
{
    private readonly int _actions;
    private readonly StdParameterization _parameterization;
    private readonly Tensor _centre; // [act]
    private readonly Tensor _scale; // [act]
    private readonly double _constant;

    /// <param name="layout">Of a <see cref="PolicyKind.SquashedGaussian"/>.</param>
    /// <param name="device">Where samples are made.</param>
    /// <param name="noise">What its samples are made of.</param>
    public TensorSquashedGaussian(PolicyLayout layout, Device device, NoiseSource noise)
        : base(noise)
    {
        (_actions, _parameterization) = (layout.ActionSize, layout.StdParameterization);
        var (centre, scale) = Box(layout);
        _constant = Constant(scale);
        using var scope = NewDisposeScope();
        _scale = tensor(scale).to(device, copy: true).DetachFromDisposeScope();
        _centre = tensor(centre).to(device, copy: true).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override (Tensor Actions, Tensor LogProbability) Draw(Tensor head, Tensor given, Tensor actions)
    {
        var (mean, logStd) = (head.narrow(1, 0, _actions), LogStd(head.narrow(1, _actions, _actions)));
        var u = addcmul(mean, logStd.exp(), given, 1);
        var sample = addcmul(_centre, u.tanh(), _scale, 1);
        using (no_grad())
        {
            actions.copy_(sample);
        }

        // log(1 - tanh(u)^2) = 2 (log 2 - u - softplus(-2u)) does not cancel for large |u|.
        var jacobian = (u + (u * -2).softplus()) * -2 + 2 * Math.Log(2);
        return (sample, (given * given * -0.5 - logStd - jacobian).sum(1) - _constant);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _centre.Dispose();
        _scale.Dispose();
        base.Dispose();
    }

    private Tensor LogStd(Tensor raw) => _parameterization switch
    {
        StdParameterization.TanhLogStd =>
            (raw.tanh() + 1) * ((StdBounds.LogStdHigh - StdBounds.LogStdLow) / 2) + StdBounds.LogStdLow,
        StdParameterization.ClippedLogStd => raw.clamp(StdBounds.ClippedLow, StdBounds.LogStdHigh),
        _ => raw.clamp(-StdBounds.SoftplusClip, StdBounds.SoftplusClip).softplus().log(),
    };
}
