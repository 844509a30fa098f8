using Rapid.Cli.Terminal;
using Rapid.Cli.Training;
using Rapid.Cli.Views;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Comparison;

/// <summary>Trains the runs of a comparison one after the other in this process. What an earlier call finished is not trained
/// again.</summary>
internal static class ComparisonRunner
{
    /// <summary>Trains whatever is missing.</summary>
    /// <param name="runs">The comparison.</param>
    /// <param name="folder">Where runs lie.</param>
    /// <param name="signals">Stops with a checkpoint; the next call goes on from it.</param>
    /// <returns>One curve a run, in the same order.</returns>
    /// <exception cref="CliException">A run failed, or was not evaluated.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public static async Task<IReadOnlyList<Curve>> TrainAsync(IReadOnlyList<ComparisonRun> runs, string folder, StopSignals signals)
    {
        Directory.CreateDirectory(folder);
        await using var log = new StreamWriter(Path.Combine(folder, "comparison.log"), append: true) { AutoFlush = true };
        var slots = runs.Max(run => run.Options.Actors.Count);
        var cluster = await LocalCluster.StartAsync(folder, slots, TextWriter.Synchronized(log), signals.Stop);
        signals.BeforeExit = cluster.Abandon;
        await using (cluster)
        {
            var curves = new List<Curve>();
            foreach (var run in runs)
            {
                var curve = FinishedCurve(run, folder) ?? await TrainAsync(run, folder, cluster, signals.Stop);
                curves.Add(curve);
                var name = $"{run.Task.Name} {run.Variant.Text} seed {run.Options.Seed}";
                Console.Out.WriteLine($"{curves.Count}/{runs.Count} {name}: return {Figures.Return(curve.Final)}");
            }

            return curves;
        }
    }

    /// <summary>What an earlier call learned. A run that lost its metrics is trained again, and left as it is.</summary>
    private static Curve? FinishedCurve(ComparisonRun run, string folder)
    {
        var finished = RunFolders.FindNewest(folder, run.Options, ExperimentState.Finished);
        var curve = finished is null ? null : Curve.Read(run, finished);
        if (finished is not null && curve is null)
        {
            Console.Error.WriteLine($"{finished.Path} has finished, but no evaluation in its metrics.jsonl can be read: training it again");
        }

        return curve;
    }

    private static async Task<Curve> TrainAsync(
        ComparisonRun run, string folder, LocalCluster cluster, CancellationToken cancellation)
    {
        var directory = RunFolders.FindUnfinished(folder, run.Options)
            ?? await LocalTraining.CreateAsync(folder, run.Options, cancellation);
        await using var mine = RunFolders.Lock(directory);
        var record = cluster.Experiments.Resume(directory, mine);
        await foreach (var change in record.Watch().ReadAllAsync(cancellation))
        {
            // Until the run ends.
            if (change.Experiment is { State: ExperimentState.Pending, Error: { Length: > 0 } obstacle })
            {
                Console.Error.WriteLine($"{directory.Id} waits: {obstacle}");
            }
        }

        return record.State != ExperimentState.Finished ? throw new CliException($"{directory.Path} failed: {record.Error}")
            : Curve.Read(run, directory) ?? throw new CliException($"{directory.Path} has no evaluation: it cannot be compared");
    }
}
