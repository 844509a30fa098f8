using Rapid.Cli.Training;
using Rapid.Environments;
using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Games;
using Rapid.Learner.Experiments;
using Rapid.Protocol.Specs;

namespace Rapid.Cli.Play;

/// <summary>What a user wants to see played.</summary>
/// <param name="Environment">The game.</param>
/// <param name="Run">Whose policy knows it, or null.</param>
/// <param name="Spec">Of the run, or null.</param>
internal sealed record PlaySubject(AtariName Environment, RunDirectory? Run = null, ExperimentOptions? Spec = null)
{
    /// <summary>An Atari environment, a game, or a run.</summary>
    /// <exception cref="CliException">It is none of them, or no Atari game.</exception>
    public static PlaySubject Find(string what, string runs)
    {
        if ((AtariNames.Parse(what) ?? OfGame(what)) is { } name)
        {
            return new PlaySubject(name);
        }

        if (RunFolders.Locate(what, runs) is { } run)
        {
            var spec = run.ReadOptions();
            return new PlaySubject(AtariNames.Parse(spec.Environment.Name) ?? throw NotYet(spec.Environment.Name), run, spec);
        }

        var names = GameTable.Ids.Concat(EnvironmentRegistry.Names).Concat(RunDirectory.All(runs).Select(known => known.Id));
        throw EnvironmentRegistry.Find(what) is null
            ? new CliException(
                $"'{what}' is no Atari environment, no game and no run (a folder with a run.json, here or in {runs})"
                + $"{NearestName.Hint(what, names)} 'rapid envs' lists games and environments",
                ExitCode.BadInput)
            : NotYet(what);
    }

    /// <summary>Without sticky actions or drawn frame skips, where there is such a name.</summary>
    private static AtariName? OfGame(string game) => GameTable.Ids.Contains(game)
        ? AtariNames.Of(game).OrderByDescending(name => name.Name.EndsWith("NoFrameskip-v4", StringComparison.Ordinal)).First()
        : null;

    private static CliException NotYet(string name) => new(
        $"{name} has no pictures to play with; 'rapid play' is for Atari games, which 'rapid envs' lists", ExitCode.BadInput);
}
