namespace Rapid.Protocol.Specs;

/// <summary>Soft actor-critic (Haarnoja et al. 2018, both papers), with squashed Gaussians on boxes and exact expectations on discrete
/// actions (Christodoulou 2019). Defaults: CleanRL's sac_continuous_action.</summary>
public sealed record SacOptions : AlgorithmOptions
{
    /// <summary>
    /// Makes CleanRL's defaults. 32 steps a block keep the cost of a message small and the data a fraction of a second old.
    /// </summary>
    public SacOptions() => RolloutSteps = 32;

    /// <summary>"sac".</summary>
    public override string Name => "sac";

    /// <summary>Named group of defaults: "cleanrl", "offp" (brandontrabucco/off-policy).</summary>
    public override string Preset { get; init; } = "cleanrl";

    /// <summary>Adam's step size for the policy (3e-4 in the paper and both presets).</summary>
    [Above(0)] public double PolicyLearningRate { get; init; } = 3e-4;

    /// <summary>Adam's step size for both critics (CleanRL 1e-3; paper and offp 3e-4).</summary>
    [Above(0)] public double CriticLearningRate { get; init; } = 1e-3;

    /// <summary>
    /// Adam's step size for the temperature's logarithm (CleanRL 1e-3, offp 3e-4); 0 keeps the temperature where it starts.
    /// </summary>
    [AtLeast(0)] public double TemperatureLearningRate { get; init; } = 1e-3;

    /// <summary>Adam's epsilon (torch 1e-8, Keras 1e-7).</summary>
    [Above(0)] public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Transitions per update.</summary>
    [Between(1, 65_536)] public int BatchSize { get; init; } = 256;

    /// <summary>Steps with uniformly random actions before the first update.</summary>
    [Between(1, 1_000_000_000)] public long WarmUpSteps { get; init; } = 5000;

    /// <summary>Updates per environment step after the warm-up.</summary>
    [Between(0, 1000, MinimumIsExclusive = true)] public double UpdatesPerStep { get; init; } = 1;

    /// <summary>The policy and the temperature learn every this many updates, then as many times (CleanRL 2, others 1).</summary>
    [Between(1, 1000)] public int PolicyDelay { get; init; } = 2;

    /// <summary>Updates between moves of the target critics.</summary>
    [Between(1, 1_000_000)] public int TargetDelay { get; init; } = 1;

    /// <summary>Part of the way that target critics move; 1 copies.</summary>
    [Between(0, 1, MinimumIsExclusive = true)] public double Tau { get; init; } = 0.005;

    /// <summary>How the second half of the head's outputs becomes a standard deviation.</summary>
    public StdParameterization StdParameterization { get; init; } = StdParameterization.TanhLogStd;

    /// <summary>What critics minimise.</summary>
    public CriticLoss CriticLoss { get; init; } = CriticLoss.SquaredError;

    /// <summary>Start of the temperature's logarithm (CleanRL 0; offp ln 0.1 = -2.302585).</summary>
    [Between(-20, 10)] public double InitialLogAlpha { get; init; }

    /// <summary>Entropy that the temperature aims at (offp calls it "constraint"), in units of the environment's actions; absent: minus the
    /// number of action dimensions, or 0.89 log of the number of discrete actions.</summary>
    [Between(-10_000, 10_000)] public double? TargetEntropy { get; init; }

    /// <summary>Multiplies rewards in the critics' targets, never in reported returns.</summary>
    [Above(0)] public double RewardScale { get; init; } = 1;

    /// <summary>
    /// Multiplies the standard deviation of the one-shot observation normalisation, normalization.observations (offp: 10 for Humanoid).
    /// </summary>
    [Above(0)] public double VarianceScaling { get; init; } = 1;

    /// <summary>Least standard deviation of the one-shot normalisation: dimensions that hardly move in the warm-up must not explode later
    /// (offp 1e-6).</summary>
    [Above(0)] public double MinimumDeviation { get; init; } = 0.01;

    /// <summary>Rewards summed before the bootstrap (n-step returns, without correction for the policy's change).</summary>
    [Between(1, 100)] public int NSteps { get; init; } = 1;

    /// <summary>Updates between two publications of the policy.</summary>
    [Between(1, 1_000_000)] public int PublishInterval { get; init; } = 32;

    /// <summary>Updates between two lines of metrics; figures are read from the device only then.</summary>
    [Between(1, 1_000_000)] public int MetricsInterval { get; init; } = 1000;
}

/// <summary>How a network output becomes a standard deviation.</summary>
public enum StdParameterization
{
    /// <summary>exp of tanh(x) stretched to [-5, 2] (CleanRL).</summary>
    TanhLogStd,
    /// <summary>exp(clip(x, -20, 2)) (Haarnoja's first code, Stable-Baselines3).</summary>
    ClippedLogStd,
    /// <summary>softplus(clip(x, -6, 6)) (offp).</summary>
    Softplus,
}

/// <summary>What critics minimise.</summary>
public enum CriticLoss
{
    /// <summary>(Q - y)^2 (CleanRL, Stable-Baselines3).</summary>
    SquaredError,
    /// <summary>Half of it (paper, eq. 5).</summary>
    HalfSquaredError,
    /// <summary>log cosh(Q - y): the gradient of a sample is at most 1 (offp).</summary>
    LogCosh,
}
