using Rapid.Agents.OnPolicy;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.Ppo;

/// <summary>Proximal policy optimisation (Schulman et al. 2017). Defaults: CleanRL's ppo_continuous_action / ppo for vectors;
/// presets "cleanrl", "ikostrikov", "ppo1" and "ppo2" set the groups of constants that belong together.</summary>
public sealed record PpoOptions : OnPolicyOptions
{
    /// <summary>Makes CleanRL's continuous defaults.</summary>
    public PpoOptions() => RolloutSteps = 2048;

    /// <summary>"ppo".</summary>
    public override string Name => "ppo";

    /// <summary>Named group of defaults: "rapid" (tuned), and "cleanrl", "ikostrikov", "ppo1" (paper), "ppo2" (baselines), which keep to those
    /// projects.</summary>
    public override string Preset { get; init; } = "rapid";

    /// <summary>Adam's epsilon (1e-5 in every PPO code base; libtorch's own default is 1e-8).</summary>
    [Above(0)] public double AdamEpsilon { get; init; } = 1e-5;

    /// <summary>Passes over a batch.</summary>
    [Between(1, 1000)] public int Epochs { get; init; } = 10;

    /// <summary>Minibatches per pass.</summary>
    [Between(1, 100_000)] public int Minibatches { get; init; } = 32;

    /// <summary>Clip of the ratio; 0.2 for vectors, 0.1 for Atari (paper, tables 3 and 5).</summary>
    [Between(0, 1, MinimumIsExclusive = true)] public double ClipRange { get; init; } = 0.2;

    /// <summary>Constant, or linear to 0 over total_steps (paper, Atari).</summary>
    public Schedule ClipRangeSchedule { get; init; } = Schedule.Constant;

    /// <summary>
    /// Clip the value around the behaviour's value by clip_range and take the larger loss, halved (ppo2); false: plain squared error.
    /// </summary>
    public bool ClipValueLoss { get; init; } = true;

    /// <summary>Over what advantages are normalised.</summary>
    public AdvantageNormalization AdvantageNormalization { get; init; } = AdvantageNormalization.Minibatch;

    /// <summary>Divide by the population (n) or the sample (n - 1) standard deviation.</summary>
    public Deviation AdvantageDeviation { get; init; } = Deviation.Sample;

    /// <summary>Added to the standard deviation.</summary>
    [AtLeast(0)] public double AdvantageEpsilon { get; init; } = 1e-8;

    /// <summary>Stop the epochs of an update when approximate KL exceeds this; 0 switches it off.</summary>
    [AtLeast(0)] public double TargetKl { get; init; }

    /// <summary>Recompute values and proximal log-probabilities with the learner's newest weights before the epochs, so that the trust
    /// region is centred on the policy that is being changed even when the block is older, as it is when collection overlaps learning
    /// (decoupled objective, Hilton et al. 2021). With blocks of the newest policy it is exactly PPO.</summary>
    public bool RecomputeBaseline { get; init; } = true;
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
