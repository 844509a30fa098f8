using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Protocol;

/// <summary>Makes the environment that an experiment names.</summary>
public static class EnvironmentFactory
{
    /// <summary>With its options and its time limit.</summary>
    /// <param name="options">Which.</param>
    /// <param name="roms">A folder that is searched for an Atari game's cartridge before the usual ones, or null.</param>
    public static IEnvironment Create(EnvironmentOptions options, string? roms = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var environment = EnvironmentRegistry.Create(options.Name, options.Options, roms);
        try
        {
            return new TimeLimit(
                options.RescaleActions ? new ActionRescaling(environment) : environment,
                options.MaxEpisodeSteps ?? EnvironmentRegistry.MaxEpisodeSteps(options.Name, options.Options));
        }
        catch
        {
            environment.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Create"/>, without what makes learning easier and a score another one: episodes are whole games, and none
    /// leaves anything to the next.</summary>
    public static IEnvironment CreateForEvaluation(EnvironmentOptions options, string? roms = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        return EnvironmentRegistry.Find(options.Name)?.IsAtari == true
            ? Create(
                options with
                {
                    Options = new Dictionary<string, string>(options.Options) { ["episodic_life"] = "false", ["power_cycle"] = "true" },
                },
                roms)
            : Create(options, roms);
    }
}
