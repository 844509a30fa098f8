namespace Rapid.Agents;

/// <summary>What actors write down for an algorithm.</summary>
public sealed record Recording
{
    /// <summary>What happened, what the policy saw, thought of it and would have done: each block is learned from once, while it is
    /// fresh.</summary>
    public static Recording Rollouts { get; } = new();

    /// <summary>What happened: raw observations, actions as the environment took them, rewards and endings.</summary>
    public static Recording Transitions { get; } = new() { AreTransitions = true };

    /// <summary>Whether blocks hold what happened and nothing else, so that they can be of any policy's, also of data.</summary>
    public bool AreTransitions { get; private init; }

    /// <summary>Whether rollouts also hold the distribution that each action was drawn from.</summary>
    public bool HasDistributions { get; init; }
}
