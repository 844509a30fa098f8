using Rapid.Protocol.Specs;

namespace Rapid.Agents.OnPolicy;

/// <summary>What algorithms share that learn from each block once, while it is fresh, with advantages over a learned value.</summary>
public abstract record OnPolicyOptions : AlgorithmOptions
{
    /// <summary>The optimiser's step size at the start.</summary>
    [Above(0)] public double LearningRate { get; init; } = 3e-4;

    /// <summary>Constant, or linear to 0 over total_steps.</summary>
    public Schedule LearningRateSchedule { get; init; } = Schedule.Linear;

    /// <summary>Generalised advantage estimation (Schulman et al. 2015); false: n-step returns.</summary>
    public bool Gae { get; init; } = true;

    /// <summary>GAE's lambda.</summary>
    [Between(0, 1)] public double GaeLambda { get; init; } = 0.95;

    /// <summary>Weight of the value loss.</summary>
    [AtLeast(0)] public double ValueCoefficient { get; init; } = 0.5;

    /// <summary>Weight of the entropy bonus.</summary>
    [AtLeast(0)] public double EntropyCoefficient { get; init; }

    /// <summary>Global L2 norm that gradients are clipped to; 0 switches it off.</summary>
    [AtLeast(0)] public double MaxGradientNorm { get; init; } = 0.5;
}
