using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Protocol;

/// <summary>Makes the environment that an experiment names.</summary>
public static class EnvironmentFactory
{
    /// <summary>With its options and its time limit.</summary>
    public static IEnvironment Create(EnvironmentOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var limit = options.MaxEpisodeSteps ?? EnvironmentRegistry.Find(options.Name)?.MaxEpisodeSteps ?? int.MaxValue;
        return new TimeLimit(EnvironmentRegistry.Create(options.Name, options.Options), limit);
    }
}
