using Rapid.Protocol.Specs;

namespace Rapid.Policies;

/// <summary>What an algorithm asks of the network that acts.</summary>
public sealed record PolicyPlan
{
    /// <summary>Whether the network also estimates values, with a tower or a head of its own.</summary>
    public bool HasValueHead { get; init; }

    /// <summary>Whether outputs become the action itself, through tanh into the box, instead of parameters of a distribution. Such a policy
    /// explores by what actors add (<c>Exploration</c>), and has boxes of actions alone.</summary>
    public bool IsDeterministic { get; init; }

    /// <summary>How outputs become the standard deviations of a Gaussian that is squashed into the box of actions; null: the deviations do not
    /// depend on the state, and nothing is squashed.</summary>
    public StdParameterization? Squashing { get; init; }
}
