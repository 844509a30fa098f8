using Rapid.Protocol.Specs;

namespace Rapid.Agents.OffPolicy;

/// <summary>What algorithms share that learn from transitions, drawn from a table again and again.</summary>
public abstract record OffPolicyOptions : AlgorithmOptions
{
    /// <summary>32 steps a block keep the cost of a message small and the data a fraction of a second old.</summary>
    protected OffPolicyOptions() => RolloutSteps = 32;

    /// <summary>Transitions per update.</summary>
    [Between(1, 65_536)] public int BatchSize { get; init; } = 256;

    /// <summary>Steps with uniformly random actions before the first update.</summary>
    [Between(1, 1_000_000_000)] public long WarmUpSteps { get; init; } = 5000;

    /// <summary>Updates per environment step after the warm-up.</summary>
    [Between(0, 1000, MinimumIsExclusive = true)] public double UpdatesPerStep { get; init; } = 1;

    /// <summary>Rewards summed before the bootstrap (n-step returns, without correction for the policy's change).</summary>
    [Between(1, 100)] public int NSteps { get; init; } = 1;

    /// <summary>Multiplies rewards in the critics' targets, never in reported returns.</summary>
    [Above(0)] public double RewardScale { get; init; } = 1;

    /// <summary>
    /// Multiplies the standard deviation of the one-shot observation normalisation, normalization.observations (offp: 10 for Humanoid).
    /// </summary>
    [Above(0)] public double VarianceScaling { get; init; } = 1;

    /// <summary>Least standard deviation of the one-shot normalisation: dimensions that hardly move in the warm-up must not explode later
    /// (offp 1e-6).</summary>
    [Above(0)] public double MinimumDeviation { get; init; } = 0.01;

    /// <summary>Updates between two publications of the policy.</summary>
    [Between(1, 1_000_000)] public int PublishInterval { get; init; } = 32;

    /// <summary>Updates between two lines of metrics; figures are read from the device only then.</summary>
    [Between(1, 1_000_000)] public int MetricsInterval { get; init; } = 1000;
}
