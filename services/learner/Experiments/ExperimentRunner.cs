using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Metrics;
using Rapid.Learner.Services;
using Rapid.Learner.Training;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Experiments;

/// <summary>Runs experiments, one after the other. A failed one is marked and the next begins; a stopped learner leaves the running one to
/// be taken up again.</summary>
public sealed class ExperimentRunner(
    ExperimentRegistry registry, AssignmentBoard board, ServiceOptions options, IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    : BackgroundService
{
    private readonly ILogger _logger = loggers.CreateLogger<ExperimentRunner>();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A service that stops says so before anything of it is gone.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        var stopping = either.Token;
        try
        {
            await foreach (var record in registry.Waiting.ReadAllAsync(stopping))
            {
                // Learning is long synchronous work: it must not run on the thread that starts the host.
                await Task.Run(() => RunOrReportAsync(record, stopping), stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
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
        catch (Exception error) when (stopping.IsCancellationRequested)
        {
            // What breaks in a process that ends says nothing about the run.
            _logger.LogWarning(error, "{Run} was broken off; it goes on when the learner is back", record.Directory.Id);
        }
        catch (Exception error)
        {
            _logger.LogError(error, "{Run} failed", record.Directory.Id);
            record.Set(ExperimentState.Failed, error is RpcException refused ? refused.Status.Detail : error.Message);
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
        using var metrics = new RunMetrics(record.Directory.Path, record.Directory.Id, spec);
        metrics.Written += record.OnMetrics;
        var data = spec.Offline ? await OfflineData.OpenAsync(spec, cancellation) : null;
        await using var tables = new RunTables(record.Directory.Id, spec, options, logger, data?.Steps ?? 0);
        try
        {
            await tables.CreateAsync(cancellation);
            var work = new Assignment { Experiment = record.Directory.Id, Spec = SpecWriter.ToMessage(spec), Table = tables.ActorTable };
            work.ReplayAddresses.AddRange(tables.ActorServices.Select(address => address.ToString()));
            board.Set(work, spec.Offline ? 0 : spec.Actors.Count);

            var checkpoints = new CheckpointStore(record.Directory.Checkpoints, spec.Checkpoint.Keep, logger);
            var context = new RunContext(spec, record.Directory, record.Policies, record.Evaluations, metrics, checkpoints, tables, data);
            using ITraining training = tables.Transitions is null
                ? new TrainingLoop(context)
                : new OffPolicyTraining(context, tables.Transitions);
            await training.RunAsync(cancellation);
            if (spec.Replay.KeepData)
            {
                board.Set(new Assignment(), 0);
                await KeptData.WriteAsync(
                    record.Directory, spec, RunTables.TransitionsName(record.Directory.Id),
                    options with { Replay = tables.ActorServices }, logger, cancellation);
            }

            metrics.Finish();
        }
        finally
        {
            // Actors go home before their table goes. A learner that only stops leaves the table for its next life.
            board.Set(new Assignment(), 0);
            if (!stopping.IsCancellationRequested)
            {
                await tables.DropAsync(stopping);
            }
        }
    }
}
