namespace Rapid.Protocol.Specs;

/// <summary>Proximal policy optimisation (Schulman et al. 2017). Defaults: CleanRL's ppo_continuous_action / ppo for vectors;
/// presets "cleanrl", "ikostrikov", "ppo1" and "ppo2" set the groups of constants that belong together.</summary>
public sealed record PpoOptions : AlgorithmOptions
{
    /// <inheritdoc/>
    public override string Name => "ppo";

    /// <summary>Named group of defaults: "cleanrl", "ikostrikov", "ppo1" (paper), "ppo2" (baselines).</summary>
    public string Preset { get; init; } = "cleanrl";

    /// <summary>Adam's step size at the start.</summary>
    [Above(0)] public double LearningRate { get; init; } = 3e-4;

    /// <summary>Constant, or linear to 0 over total_steps.</summary>
    public Schedule LearningRateSchedule { get; init; } = Schedule.Linear;

    /// <summary>Adam's epsilon (1e-5 in every PPO code base; libtorch's own default is 1e-8).</summary>
    [Above(0)] public double AdamEpsilon { get; init; } = 1e-5;

    /// <summary>Discount.</summary>
    [Between(0, 1)] public double Gamma { get; init; } = 0.99;

    /// <summary>Generalised advantage estimation (Schulman et al. 2015); false: n-step returns.</summary>
    public bool Gae { get; init; } = true;

    /// <summary>GAE's lambda.</summary>
    [Between(0, 1)] public double GaeLambda { get; init; } = 0.95;

    /// <summary>Steps per block and environment (T).</summary>
    [Between(1, 1_000_000)] public int RolloutSteps { get; init; } = 2048;

    /// <summary>Passes over a batch.</summary>
    [Between(1, 1000)] public int Epochs { get; init; } = 10;

    /// <summary>Minibatches per pass.</summary>
    [Between(1, 100_000)] public int Minibatches { get; init; } = 32;

    /// <summary>Clip of the ratio; 0.2 for vectors, 0.1 for Atari (paper, tables 3 and 5).</summary>
    [Between(0, 1, MinimumIsExclusive = true)] public double ClipRange { get; init; } = 0.2;

    /// <summary>Constant, or linear to 0 over total_steps (paper, Atari).</summary>
    public Schedule ClipRangeSchedule { get; init; } = Schedule.Constant;

    /// <summary>Clip the value around the behaviour's value by clip_range and take the larger loss, halved (ppo2); false: plain squared error.</summary>
    public bool ClipValueLoss { get; init; } = true;

    /// <summary>Weight of the value loss.</summary>
    [AtLeast(0)] public double ValueCoefficient { get; init; } = 0.5;

    /// <summary>Weight of the entropy bonus.</summary>
    [AtLeast(0)] public double EntropyCoefficient { get; init; }

    /// <summary>Global L2 norm that gradients are clipped to; 0 switches it off.</summary>
    [AtLeast(0)] public double MaxGradientNorm { get; init; } = 0.5;

    /// <summary>Over what advantages are normalised.</summary>
    public AdvantageNormalization AdvantageNormalization { get; init; } = AdvantageNormalization.Minibatch;

    /// <summary>Divide by the population (n) or the sample (n - 1) standard deviation.</summary>
    public Deviation AdvantageDeviation { get; init; } = Deviation.Sample;

    /// <summary>Added to the standard deviation.</summary>
    [AtLeast(0)] public double AdvantageEpsilon { get; init; } = 1e-8;

    /// <summary>Stop the epochs of an update when approximate KL exceeds this; 0 switches it off.</summary>
    [AtLeast(0)] public double TargetKl { get; init; }

    /// <summary>What a step that only the time limit ended means.</summary>
    public TimeLimitRule TimeLimit { get; init; } = TimeLimitRule.Bootstrap;

    /// <summary>Recompute values and proximal log-probabilities with the learner's newest weights before the epochs, so that the trust
    /// region is centred on the policy that is being changed even when the block is older, as it is when collection overlaps learning
    /// (decoupled objective, Hilton et al. 2021). With blocks of the newest policy it is exactly PPO.</summary>
    public bool RecomputeBaseline { get; init; } = true;
}

/// <summary>How a constant moves over the run.</summary>
public enum Schedule
{
    /// <summary>Stays.</summary>
    Constant,
    /// <summary>Falls linearly to 0 at total_steps.</summary>
    Linear,
}

/// <summary>Over what advantages are normalised.</summary>
public enum AdvantageNormalization
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>Each minibatch (CleanRL, baselines ppo2).</summary>
    Minibatch,
    /// <summary>The whole batch once (ikostrikov, baselines ppo1).</summary>
    Batch,
}

/// <summary>Which standard deviation.</summary>
public enum Deviation
{
    /// <summary>Divides by n.</summary>
    Population,
    /// <summary>Divides by n - 1.</summary>
    Sample,
}

/// <summary>What a step that only the time limit ended means to the return.</summary>
public enum TimeLimitRule
{
    /// <summary>Bootstrap from the value of the final observation (correct; Pardo et al. 2018).</summary>
    Bootstrap,
    /// <summary>The truncated step contributes no advantage (ikostrikov's rule).</summary>
    ZeroAdvantage,
    /// <summary>Treated as a death (original PPO codes; for parity only).</summary>
    Terminal,
}
