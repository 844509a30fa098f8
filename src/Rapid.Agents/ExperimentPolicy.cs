using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;

namespace Rapid.Agents;

/// <summary>The policy of an experiment: what its actors act with and its learner makes better.</summary>
public static class ExperimentPolicy
{
    /// <summary>Its parameters on an environment with these spaces.</summary>
    /// <exception cref="ArgumentException">The action space is neither a box nor discrete, or unbounded where the policy is
    /// squashed.</exception>
    /// <exception cref="NetworkTooLargeException">It has more parameters than a buffer has elements.</exception>
    public static PolicyLayout LayoutOf(ExperimentOptions options, Space observations, Space actions)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PolicyLayout.Create(AgentRegistry.Of(options).Policy(options.Algorithm), options.Network, observations, actions);
    }
}
