using System.Text.Json;
using System.Text.Json.Nodes;
using Rapid.Cli.Terminal;
using Rapid.Core;
using Rapid.Learner.Runs;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Cli.Training;

/// <summary>Finds runs on disk.</summary>
internal static class RunFolders
{
    /// <summary>The newest run of exactly this spec that has not ended, as far as its folder can say, or null.</summary>
    public static RunDirectory? FindUnfinished(string runs, ExperimentOptions options) =>
        FindNewest(runs, options, ExperimentState.Pending, ExperimentState.Running, ExperimentState.Unspecified);

    /// <summary>The newest run of exactly this spec that is in one of these states, or null.</summary>
    public static RunDirectory? FindNewest(string runs, ExperimentOptions options, params IReadOnlyCollection<ExperimentState> states)
    {
        var spec = SpecWriter.ToJson(options);
        return RunDirectory.All(runs)
            .LastOrDefault(run => states.Contains(run.ReadState().State) && IsOf(spec, run));
    }

    /// <summary>The run that a user names: a folder, or the name of one below the folder of runs.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static RunDirectory Find(string name, string runs) => Locate(name, runs) ?? throw new CliException(
        $"there is no run '{name}' (a folder with a run.json), neither here nor in {runs}"
        + NearestName.Hint(name, RunDirectory.All(runs).Select(run => run.Id)),
        ExitCode.BadInput);

    /// <summary>As <see cref="Find"/>, or null.</summary>
    public static RunDirectory? Locate(string name, string runs) =>
        ((string[])[Path.GetFullPath(name), Path.Combine(runs, name)]).FirstOrDefault(path => File.Exists(Path.Combine(path, "run.json")))
            is { } folder ? new RunDirectory(folder) : null;

    /// <summary>Keeps other processes from training the same run; dispose of it to let them.</summary>
    /// <exception cref="CliException">Another process trains it, or its folder cannot be written.</exception>
    public static FileStream Lock(RunDirectory run)
    {
        try
        {
            return run.TryLock() ?? throw new CliException(
                $"{run.Path} is being trained by another process; another --seed or --set name=... makes another run");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{run.Path} cannot be written: {error.Message}; mend that, or choose another folder with --runs");
        }
    }

    /// <summary>Whether a run has this spec. A run whose files are damaged has none.</summary>
    private static bool IsOf(JsonNode spec, RunDirectory run)
    {
        try
        {
            var written = JsonNode.Parse(File.ReadAllText(Path.Combine(run.Path, "run.json")));
            return JsonNode.DeepEquals(written?["spec"], spec);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            or ArgumentException)
        {
            return false;
        }
    }
}
