using Rapid.Agents.OffPolicy;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.Sac;

/// <summary>Soft actor-critic (Haarnoja et al. 2018, both papers), with squashed Gaussians on boxes and exact expectations on discrete
/// actions (Christodoulou 2019). Defaults: CleanRL's sac_continuous_action.</summary>
public sealed record SacOptions : TwinCriticOptions
{
    /// <summary>"sac".</summary>
    public override string Name => "sac";

    /// <summary>Named group of defaults: "rapid" (tuned), and "cleanrl" and "offp" (brandontrabucco/off-policy), which keep to those
    /// projects.</summary>
    public override string Preset { get; init; } = "rapid";

    /// <summary>
    /// Adam's step size for the temperature's logarithm (CleanRL 1e-3, offp 3e-4); 0 keeps the temperature where it starts.
    /// </summary>
    [AtLeast(0)] public double TemperatureLearningRate { get; init; } = 1e-3;

    /// <summary>The policy and the temperature learn every this many updates, then as many times (CleanRL 2, others 1).</summary>
    [Between(1, 1000)] public int PolicyDelay { get; init; } = 2;

    /// <summary>Updates between moves of the target critics.</summary>
    [Between(1, 1_000_000)] public int TargetDelay { get; init; } = 1;

    /// <summary>How the second half of the head's outputs becomes a standard deviation.</summary>
    public StdParameterization StdParameterization { get; init; } = StdParameterization.TanhLogStd;

    /// <summary>Start of the temperature's logarithm (CleanRL 0; offp ln 0.1 = -2.302585).</summary>
    [Between(-20, 10)] public double InitialLogAlpha { get; init; }

    /// <summary>Entropy that the temperature aims at (offp calls it "constraint"), in units of the environment's actions; absent: minus the
    /// number of action dimensions, or 0.89 log of the number of discrete actions.</summary>
    [Between(-10_000, 10_000)] public double? TargetEntropy { get; init; }
}
