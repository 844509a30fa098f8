using Rapid.Agents;
using Rapid.Environments;
using Rapid.Environments.Registry;
using Rapid.Protocol.Specs;

namespace Rapid.Specs;

/// <summary>
/// The defaults of every field, which depend on the kind of environment, the algorithm and its preset.
/// </summary>
public static class Presets
{
    /// <summary>The algorithm of a spec that names none.</summary>
    public const string DefaultAlgorithm = "ppo";

    /// <summary>Presets of an algorithm, the default first; none of an unknown one.</summary>
    public static IReadOnlyList<string> Of(string algorithm) => AgentRegistry.Find(algorithm)?.Presets ?? [];

    /// <summary>A complete spec for an environment.</summary>
    /// <param name="environment">The task.</param>
    /// <param name="algorithm">One of <see cref="AgentRegistry.Names"/>.</param>
    /// <param name="preset">One of <see cref="Of"/>; null means the first.</param>
    /// <exception cref="ArgumentException">There is no such algorithm.</exception>
    public static ExperimentOptions Default(EnvironmentInfo environment, string algorithm = DefaultAlgorithm, string? preset = null)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var agent = AgentRegistry.Find(algorithm) ?? throw new ArgumentException($"there is no algorithm '{algorithm}'", nameof(algorithm));
        var name = EnvironmentRegistry.IsPath(environment.Name) ? Path.GetFileNameWithoutExtension(environment.Name) : environment.Name;
        return agent.Default(environment, preset ?? agent.Presets[0]) with { Name = $"{name}-{algorithm}".ToLowerInvariant() };
    }
}
