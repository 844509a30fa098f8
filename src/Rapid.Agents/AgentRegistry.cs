using System.Reflection;
using Rapid.Core.Plugins;
using Rapid.Protocol.Specs;

namespace Rapid.Agents;

/// <summary>The agents that this process knows, by the names of their algorithms: Rapid's own, and those of plug-ins.</summary>
/// <remarks>
/// They are found by an attribute of their assembly rather than by a list, which every new algorithm would have to change, and rather than by
/// a search of all types, which would load the half that learns into programs without TorchSharp.
/// </remarks>
public static class AgentRegistry
{
    private static readonly Lazy<(IReadOnlyDictionary<string, Agent> Agents, IReadOnlyList<string> Problems)> Known = new(FindAll);

    /// <summary>Names of all algorithms, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names => [.. Known.Value.Agents.Keys];

    /// <summary>All agents, in the order of <see cref="Names"/>.</summary>
    public static IEnumerable<Agent> All => Known.Value.Agents.Values;

    /// <summary>Why agents of plug-ins are not known, one sentence each.</summary>
    public static IReadOnlyList<string> PluginProblems => Known.Value.Problems;

    /// <summary>The agent of an algorithm; null when there is none of that name.</summary>
    public static Agent? Find(string name) => Known.Value.Agents.GetValueOrDefault(name);

    /// <summary>The agent of an experiment's algorithm.</summary>
    public static Agent Of(ExperimentOptions experiment)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        return Known.Value.Agents[experiment.Algorithm.Name];
    }

    private static (IReadOnlyDictionary<string, Agent> Agents, IReadOnlyList<string> Problems) FindAll()
    {
        var own = typeof(AgentRegistry).Assembly;
        var agents = new SortedDictionary<string, Agent>(AgentsOf(own).ToDictionary(agent => agent.Name), StringComparer.Ordinal);
        List<string> problems = [];
        foreach (var (file, assembly) in PluginAssemblies.Current.Knowing(own))
        {
            PluginAssemblies.Guard(file, "brings no agents", problems, () =>
            {
                foreach (var agent in AgentsOf(assembly))
                {
                    PluginAssemblies.Guard($"{file}: {agent.GetType().FullName}", "is no agent", problems, () => Add(agents, agent));
                }
            });
        }

        return (agents, problems);
    }

    private static IEnumerable<Agent> AgentsOf(Assembly assembly) =>
        assembly.GetCustomAttributes<AgentAttribute>().Select(attribute => attribute.Create());

    private static void Add(SortedDictionary<string, Agent> agents, Agent agent)
    {
        if (string.IsNullOrWhiteSpace(agent.Name) || agent.Presets.Count == 0)
        {
            throw new ArgumentException("it needs a name and at least one preset");
        }

        if (!agents.TryAdd(agent.Name, agent))
        {
            throw new ArgumentException($"its name '{agent.Name}' is taken");
        }
    }
}
