using Rapid.Protocol.Specs;

namespace Rapid.Agents.OffPolicy;

/// <summary>What algorithms share that have one policy and two critics with slow copies (Fujimoto et al. 2018).</summary>
public abstract record TwinCriticOptions : OffPolicyOptions
{
    /// <summary>Adam's step size for the policy (3e-4 in the paper and both presets).</summary>
    [Above(0)] public double PolicyLearningRate { get; init; } = 3e-4;

    /// <summary>Adam's step size for both critics (CleanRL 1e-3; paper and offp 3e-4).</summary>
    [Above(0)] public double CriticLearningRate { get; init; } = 1e-3;

    /// <summary>Adam's epsilon (torch 1e-8, Keras 1e-7).</summary>
    [Above(0)] public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Part of the way that target critics move; 1 copies.</summary>
    [Between(0, 1, MinimumIsExclusive = true)] public double Tau { get; init; } = 0.005;

    /// <summary>What critics minimise.</summary>
    public CriticLoss CriticLoss { get; init; } = CriticLoss.SquaredError;
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
