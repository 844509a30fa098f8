using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Cli.Terminal;
using Rapid.Cli.Views;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Experiments;
using Rapid.Learner.Runs;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Cli.Training;

/// <summary>Trains one run in this process and shows it.</summary>
internal static class LocalTraining
{
    /// <summary>Goes on with the newest unfinished run of this spec, or starts one.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> TrainAsync(ExperimentOptions options, string runs, StopSignals signals)
    {
        var run = RunFolders.FindUnfinished(runs, options);
        return await RunAsync(
            run ?? await CreateAsync(runs, options, signals.Stop), run is null ? "run" : "going on with", options, signals);
    }

    /// <summary>Goes on with a run that was stopped, cancelled or failed.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="CliException">It has finished.</exception>
    public static Task<int> ResumeAsync(RunDirectory run, StopSignals signals) => run.ReadState().State != ExperimentState.Finished
        ? RunAsync(run, "going on with", run.ReadOptions(), signals)
        : throw new CliException($"{run.Id} has finished: there is nothing to go on with");

    /// <summary>Makes a run that can be trained in this process.</summary>
    /// <exception cref="SpecException">It cannot.</exception>
    public static async Task<RunDirectory> CreateAsync(string runs, ExperimentOptions options, CancellationToken cancellation)
    {
        var trial = new RunTrial(LocalCluster.Limits, new TrialLimits(), NullLogger<RunTrial>.Instance);
        await trial.CheckAsync(options, cancellation);
        return RunDirectory.Create(runs, options);
    }

    private static async Task<int> RunAsync(RunDirectory run, string verb, ExperimentOptions options, StopSignals signals)
    {
        await using var mine = RunFolders.Lock(run);
        await using var file = new StreamWriter(Path.Combine(run.Path, "log.txt"), append: true) { AutoFlush = true };
        Console.Out.WriteLine($"{verb} {Shorten(run.Path)}; the services' log is in its log.txt");
        var cluster = await LocalCluster.StartAsync(
            Path.GetDirectoryName(run.Path)!, options.Actors.Count, TextWriter.Synchronized(file), signals.Stop);
        signals.BeforeExit = cluster.Abandon;
        await using (cluster)
        {
            var record = cluster.Experiments.Resume(run, mine);
            RunSnapshot last;
            using var ended = CancellationTokenSource.CreateLinkedTokenSource([signals.Stop, .. cluster.Stopping]);
            try
            {
                last = await RunViews.FollowAsync(record.Watch().ReadAllAsync(ended.Token), Title(options), ended.Token);
            }
            catch (OperationCanceledException) when (!signals.Stop.IsCancellationRequested)
            {
                throw new CliException($"a service stopped by itself; why is in {Shorten(Path.Combine(run.Path, "log.txt"))}");
            }
            catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
            {
                Console.Out.WriteLine("stopping; Ctrl-C again ends at once, without a checkpoint");
                await cluster.StopAsync();
                var step = new CheckpointStore(run.Checkpoints, options.Checkpoint.Keep, NullLogger.Instance).NewestStep ?? record.Step;
                Console.Out.WriteLine(
                    $"stopped at step {Figures.Count(step)} with a checkpoint in {Shorten(run.Path)}; "
                    + "the same command goes on from it");
                return ExitCode.Stopped;
            }

            return RunEnding.Say(last, Shorten(run.Path));
        }
    }

    private static string Title(ExperimentOptions options) =>
        $"{options.Name} · {options.Environment.Name} · {options.Algorithm.Name} · seed {options.Seed}";

    /// <summary>The path from here when it lies below.</summary>
    private static string Shorten(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
