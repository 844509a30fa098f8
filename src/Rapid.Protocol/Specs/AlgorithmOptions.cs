namespace Rapid.Protocol.Specs;

/// <summary>What every algorithm has.</summary>
public abstract record AlgorithmOptions
{
    /// <summary>What the algorithm is called in a spec: "ppo", "sac".</summary>
    public abstract string Name { get; }

    /// <summary>Named group of defaults.</summary>
    public abstract string Preset { get; init; }

    /// <summary>Discount.</summary>
    [Between(0, 1)] public double Gamma { get; init; } = 0.99;

    /// <summary>Steps per block and environment (T).</summary>
    [Between(1, 1_000_000)] public int RolloutSteps { get; init; }

    /// <summary>What a step that only the time limit ended means.</summary>
    public TimeLimitRule TimeLimit { get; init; } = TimeLimitRule.Bootstrap;
}

/// <summary>How a constant moves over the run.</summary>
public enum Schedule
{
    /// <summary>Stays.</summary>
    Constant,
    /// <summary>Falls linearly to 0 at total_steps.</summary>
    Linear,
}

/// <summary>What a step that only the time limit ended means to the return.</summary>
public enum TimeLimitRule
{
    /// <summary>Bootstrap from the value of the final observation (correct; Pardo et al. 2018).</summary>
    Bootstrap,
    /// <summary>The truncated step contributes no advantage (ikostrikov's rule; on-policy algorithms only).</summary>
    ZeroAdvantage,
    /// <summary>Treated as a death (original PPO codes, the off-policy template; for parity only).</summary>
    Terminal,
}
