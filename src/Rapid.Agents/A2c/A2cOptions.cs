using Rapid.Agents.OnPolicy;

namespace Rapid.Agents.A2c;

/// <summary>Advantage actor-critic (Mnih et al. 2016, synchronous): one gradient step a rollout.</summary>
public sealed record A2cOptions : SingleStepOptions
{
    /// <summary>"a2c".</summary>
    public override string Name => "a2c";

    /// <summary>Named group of defaults: "rapid" (16 steps, GAE, what other tasks than games want), and "p3o" (the code of P3O's authors),
    /// "ikostrikov" (5 steps, n-step returns), "baselines" (the same with TensorFlow's RMSProp and a linear step size), which keep to those
    /// projects.</summary>
    public override string Preset { get; init; } = "rapid";
}
