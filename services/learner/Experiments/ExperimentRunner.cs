using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rapid.Environments;
using Rapid.Hosting;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Metrics;
using Rapid.Learner.Replay;
using Rapid.Learner.Services;
using Rapid.Learner.Training;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Experiments;

/// <summary>Runs experiments, one after the other. A failed one is marked and the next begins; a stopped learner leaves the running one to
/// be taken up again.</summary>
public sealed class ExperimentRunner(ExperimentRegistry registry, AssignmentBoard board, ServiceOptions options, ILoggerFactory loggers) : BackgroundService
{
    // Part of the run's seed: ASCII of "draw".
    private const ulong SamplingRole = 0x64726177;

    private readonly ILogger _logger = loggers.CreateLogger<ExperimentRunner>();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var record in registry.Waiting.ReadAllAsync(stoppingToken))
            {
                // Learning is long synchronous work: it must not run on the thread that starts the host.
                await Task.Run(() => RunOrReportAsync(record, stoppingToken), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    /// <summary>Even a run whose folder cannot be written leaves the learner alive for the next.</summary>
    private async Task RunOrReportAsync(ExperimentRecord record, CancellationToken stopping)
    {
        try
        {
            await RunAsync(record, stopping);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _logger.LogError(error, "the state of {Run} could not be written", record.Directory.Id);
        }
    }

    private async Task RunAsync(ExperimentRecord record, CancellationToken stopping)
    {
        if (record.Cancellation.IsCancellationRequested)
        {
            record.Set(ExperimentState.Cancelled);
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, record.Cancellation.Token);
        try
        {
            record.Set(ExperimentState.Running);
            await TrainAsync(record, either.Token, stopping);
            record.Set(ExperimentState.Finished);
        }
        catch (OperationCanceledException) when (record.Cancellation.IsCancellationRequested)
        {
            record.Set(ExperimentState.Cancelled);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            _logger.LogInformation("stopped {Run} at step {Step}; it goes on when the learner is back", record.Directory.Id, record.Step);
        }
        catch (Exception error)
        {
            _logger.LogError(error, "{Run} failed", record.Directory.Id);
            record.Set(ExperimentState.Failed, error.Message);
        }
        finally
        {
            record.Policies.Complete();
        }
    }

    private async Task TrainAsync(ExperimentRecord record, CancellationToken cancellation, CancellationToken stopping)
    {
        var spec = record.Options;
        var logger = loggers.CreateLogger($"Rapid.Learner.{record.Directory.Id}");
        using var metrics = new RunMetrics(record.Directory.Path, record.Directory.Id, SpecWriter.ToYaml(spec));
        metrics.Written += record.OnMetrics;
        var table = new TableDefinition
        {
            Name = $"{record.Directory.Id}/rollouts",
            Kind = TableKind.Queue,
            Store = spec.Replay.Store == ReplayStore.Redis ? StoreKind.Redis : StoreKind.Memory,
            CapacitySteps = (ulong)(spec.Replay.CapacitySteps > 0 ? spec.Replay.CapacitySteps : BatchSteps(spec)),
        };
        await using var trajectories = new TrajectoryReader(Channels.Open(options.Replay[0], options), table, logger);
        await using var sequences = OpenSequences(record, logger);
        try
        {
            await trajectories.CreateTableAsync(cancellation);
            if (sequences is not null)
            {
                await sequences.CreateTableAsync(cancellation);
            }

            var work = new Assignment { Experiment = record.Directory.Id, Spec = SpecWriter.ToMessage(spec), Table = table.Name };
            work.ReplayAddresses.AddRange(options.Replay.Select(address => address.ToString()));
            board.Set(work, spec.Actors.Count);

            var checkpoints = new CheckpointStore(record.Directory.Checkpoints, spec.Checkpoint.Keep, logger);
            using var loop = new TrainingLoop(
                new RunContext(spec, record.Directory, record.Policies, record.Evaluations, metrics, checkpoints, trajectories, sequences));
            await loop.RunAsync(cancellation);
        }
        finally
        {
            // Actors go home before their table goes. A learner that only stops leaves the table for its next life.
            board.Set(new Assignment(), 0);
            if (!stopping.IsCancellationRequested)
            {
                await DropAsync(trajectories.DropTableAsync, logger, stopping);
                if (sequences is not null)
                {
                    await DropAsync(sequences.DropTableAsync, logger, stopping);
                }
            }
        }
    }

    /// <summary>The table of old sequences; null when the algorithm does not replay.</summary>
    private SequenceReplay? OpenSequences(ExperimentRecord record, ILogger logger)
    {
        var spec = record.Options;
        if (spec.Algorithm is not P3oOptions p3o)
        {
            return null;
        }

        var table = new TableDefinition
        {
            Name = $"{record.Directory.Id}/sequences",
            Kind = TableKind.Uniform,
            Items = ItemKind.Sequence,
            Store = spec.Replay.Store == ReplayStore.Redis ? StoreKind.Redis : StoreKind.Memory,
            CapacitySteps = (ulong)p3o.ReplaySteps,
            MinimumSteps = (ulong)p3o.WarmUpSteps,
            Seed = RandomStream.Derive(spec.Seed, SamplingRole),
        };
        var sequences = p3o.SampleMultiplier * spec.Actors.Environments * spec.Actors.Count;
        return new SequenceReplay(
            Channels.Open(options.Replay[0], options), table, p3o.RolloutSteps, sequences, spec.Replay.PrefetchBatches, logger);
    }

    private static async Task DropAsync(Func<CancellationToken, Task> drop, ILogger logger, CancellationToken cancellation)
    {
        try
        {
            await drop(cancellation);
        }
        catch (RpcException error)
        {
            // The run is complete without it; the table costs memory until somebody drops it.
            logger.LogWarning("a table of the run could not be dropped: {Message}", error.Status.Detail);
        }
    }

    private static long BatchSteps(ExperimentOptions spec) =>
        (long)spec.Algorithm.RolloutSteps * spec.Actors.Environments * spec.Actors.Count;
}
