using Rapid.Environments;
using Rapid.Environments.Registry;
using Rapid.Protocol.Specs;

namespace Rapid.Specs;

/// <summary>Makes the environment that an experiment names.</summary>
public static class EnvironmentFactory
{
    /// <summary>With its options and its time limit.</summary>
    /// <param name="options">Which.</param>
    /// <param name="roms">A folder that is searched for an Atari game's cartridge before the usual ones, or null.</param>
    /// <param name="watch">Is told that it is being made; null when nobody waits for that.</param>
    public static IEnvironment Create(EnvironmentOptions options, string? roms = null, CallWatch? watch = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        watch?.Enter("come to be");
        try
        {
            return Make(options, roms);
        }
        finally
        {
            watch?.Leave();
        }
    }

    private static TimeLimit Make(EnvironmentOptions options, string? roms)
    {
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

    /// <summary>Why this machine would simulate something else than the machine that a digest is from; null if it would not.</summary>
    /// <param name="options">Which environment.</param>
    /// <param name="digest">What <see cref="EnvironmentFiles.DigestOf"/> said there; empty if nothing.</param>
    public static string? Mismatch(EnvironmentOptions options, string digest)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(digest);
        var own = digest.Length == 0 ? "" : EnvironmentFiles.DigestOf(options.Name, options.Options);
        return own == digest ? null
            : $"the files of '{options.Name}' on {Environment.MachineName} are others than the learner's: their SHA-256 is "
                + $"{(own.Length > 0 ? own : "none, as there are no files")}, the learner's {digest}; copy the learner's description, "
                + "model and all that it includes, or cartridge, to the same path";
    }

    /// <summary>As <see cref="Create"/>, without what makes learning easier and a score another one: episodes are whole games, and none
    /// leaves anything to the next.</summary>
    public static IEnvironment CreateForEvaluation(EnvironmentOptions options, string? roms = null, CallWatch? watch = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        return EnvironmentRegistry.Find(options.Name)?.IsAtari == true
            ? Create(
                options with
                {
                    Options = new Dictionary<string, string>(options.Options) { ["episodic_life"] = "false", ["power_cycle"] = "true" },
                },
                roms, watch)
            : Create(options, roms, watch);
    }
}
