using Rapid.Protocol.Specs;

namespace Rapid.Policies;

/// <summary>What an algorithm asks of the network that acts.</summary>
public sealed record PolicyPlan
{
    /// <summary>Whether the network also estimates values, with a tower or a head of its own.</summary>
    public bool HasValueHead { get; init; }

    /// <summary>How outputs become the standard deviations of a Gaussian that is squashed into the box of actions; null: the deviations do not
    /// depend on the state, and nothing is squashed.</summary>
    public StdParameterization? Squashing { get; init; }
}
