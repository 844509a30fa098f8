using Rapid.Agents.OnPolicy;

namespace Rapid.Agents.A2c;

/// <summary>Advantage actor-critic (Mnih et al. 2016, synchronous): one gradient step a rollout.</summary>
public sealed record A2cOptions : SingleStepOptions
{
    /// <summary>"a2c".</summary>
    public override string Name => "a2c";

    /// <summary>Named group of defaults: "p3o" (P3O's code), "ikostrikov" (5 steps, n-step returns), "baselines" (the same with
    /// TensorFlow's RMSProp and a linear step size).</summary>
    public override string Preset { get; init; } = "p3o";
}
