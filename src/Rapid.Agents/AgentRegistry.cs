using System.Reflection;
using Rapid.Protocol.Specs;

namespace Rapid.Agents;

/// <summary>The agents that this process knows, by the names of their algorithms.</summary>
/// <remarks>
/// They are found by an attribute of their assembly rather than by a list, which every new algorithm would have to change, and rather than by
/// a search of all types, which would load the half that learns into programs without TorchSharp.
/// </remarks>
public static class AgentRegistry
{
    private static readonly Lazy<IReadOnlyDictionary<string, Agent>> Agents = new(() => Find(typeof(AgentRegistry).Assembly));

    /// <summary>Names of all algorithms, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names => [.. Agents.Value.Keys];

    /// <summary>All agents, in the order of <see cref="Names"/>.</summary>
    public static IEnumerable<Agent> All => Agents.Value.Values;

    /// <summary>The agent of an algorithm; null when there is none of that name.</summary>
    public static Agent? Find(string name) => Agents.Value.GetValueOrDefault(name);

    /// <summary>The agent of an experiment's algorithm.</summary>
    public static Agent Of(ExperimentOptions experiment)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        return Agents.Value[experiment.Algorithm.Name];
    }

    private static SortedDictionary<string, Agent> Find(Assembly assembly) => new(
        assembly.GetCustomAttributes<AgentAttribute>().Select(attribute => attribute.Create()).ToDictionary(agent => agent.Name),
        StringComparer.Ordinal);
}
