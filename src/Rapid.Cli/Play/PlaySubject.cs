using Rapid.Cli.Terminal;
using Rapid.Cli.Training;
using Rapid.Core;
using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Registry;
using Rapid.Learner.Runs;
using Rapid.Protocol.Specs;

namespace Rapid.Cli.Play;

/// <summary>What a user wants to see played.</summary>
/// <param name="Environment">Its name and options.</param>
/// <param name="Run">Whose policy knows it, or null.</param>
/// <param name="Spec">Of the run, or null.</param>
internal sealed record PlaySubject(
    EnvironmentOptions Environment, RunDirectory? Run = null, ExperimentOptions? Spec = null)
{
    /// <summary>Whether it is a game of the Atari 2600.</summary>
    public bool IsGame => EnvironmentRegistry.Find(Environment.Name)?.IsAtari == true;

    /// <summary>An environment, an Atari game, or a run.</summary>
    /// <exception cref="CliException">It is none of them.</exception>
    public static PlaySubject Find(string what, string runs)
    {
        var name = OfGame(what) ?? what;
        if (EnvironmentRegistry.Find(name) is not null)
        {
            return new PlaySubject(new EnvironmentOptions { Name = name });
        }

        if (RunFolders.Locate(what, runs) is { } run)
        {
            var spec = run.ReadOptions();
            return new PlaySubject(spec.Environment, run, spec);
        }

        var names = GameTable.Ids.Concat(EnvironmentRegistry.Names).Concat(RunDirectory.All(runs).Select(known => known.Id));
        throw new CliException(
            $"'{what}' is no environment, no Atari game and no run (a folder with a run.json, here or in {runs})"
            + $"{NearestName.Hint(what, names)} 'rapid envs' lists games and environments",
            ExitCode.BadInput);
    }

    /// <summary>Without sticky actions or drawn frame skips, where there is such a name.</summary>
    private static string? OfGame(string game) => GameTable.Ids.Contains(game)
        ? AtariNames.Of(game).OrderByDescending(name => name.Name.EndsWith("NoFrameskip-v4", StringComparison.Ordinal)).First().Name
        : null;
}
