using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rapid.Environments;
using Rapid.Environments.Registry;
using Rapid.Hosting;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Metrics;
using Rapid.Learner.Queue;
using Rapid.Learner.Replay;
using Rapid.Learner.Runs;
using Rapid.Learner.Slots;
using Rapid.Learner.Training;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Experiments;

/// <summary>
/// Runs experiments, as many at once as there is room for. A failed one is marked and the next begins; one that something keeps from going
/// on waits for its next turn, and a stopped learner leaves the running ones to be taken up again.
/// </summary>
public sealed class ExperimentRunner(
    ExperimentRegistry registry, AssignmentBoard board, ShardDirectory shards, LearnerMetrics telemetry, ServiceOptions options,
    IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    : BackgroundService
{
    private const int MostDeaths = 5;

    // Nobody tells of the checkpoint with which a run that had to be alone lets others run beside it.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger = loggers.CreateLogger<ExperimentRunner>();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A service that stops says so before anything of it is gone.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        var stopping = either.Token;
        try
        {
            // A second learner on the same address ends here, before it touches anything.
            await WaitForAsync(lifetime.ApplicationStarted, stopping);
            await RunAllAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task RunAllAsync(CancellationToken stopping)
    {
        var running = new Dictionary<ExperimentRecord, Task>();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        try
        {
            while (true)
            {
                var changed = registry.QueueChanged;
                foreach (var (record, run) in running.Where(run => run.Value.IsCompleted).ToList())
                {
                    running.Remove(record);
                    await run;
                }

                while (await registry.TryTakeAsync(running.Keys, stopping) is { } next)
                {
                    // Learning is long synchronous work: it must not run on the thread that starts the host.
                    running.Add(next, Task.Run(() => RunOrReportAsync(next, ended.Token), CancellationToken.None));
                }

                await Task.WhenAny([changed, Task.Delay(LookAgain, stopping), .. running.Values]);
                stopping.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(running.Values);
        }
    }

    private static async Task WaitForAsync(CancellationToken moment, CancellationToken cancellation)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = moment.Register(reached.SetResult);
        await reached.Task.WaitAsync(cancellation);
    }

    /// <summary>Even a run whose folder cannot be written leaves the learner alive for the next.</summary>
    private async Task RunOrReportAsync(ExperimentRecord record, CancellationToken stopping)
    {
        try
        {
            await RunAsync(record, stopping);
        }
        catch (Exception error) when (error is IOException || RunObstacle.IsOfDisk(error))
        {
            _logger.LogError(error, "the state of {Run} could not be written", record.Directory.Id);
        }
        catch (LeaseLostException)
        {
            // Another learner may go on with it.
        }
        finally
        {
            record.ReturnLease();
        }
    }

    private async Task RunAsync(ExperimentRecord record, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(
            stopping, record.Cancellation.Token, record.Lease?.Lost ?? CancellationToken.None);
        try
        {
            if (!record.IsOver && !record.TryOwn())
            {
                PutBack(record, $"another process trains it: {record.Directory.Path} is locked", stopping);
                return;
            }

            if (record.IsOver)
            {
                // Cancelled while it waited for its turn, or ended by another process.
                return;
            }

            var (epoch, deaths) = record.Directory.BeginLife(record.Lease?.Epoch);
            // Whatever the stop leaves time for: who is told to stop has not died of the run.
            await using var told = stopping.Register(() => EndLife(record));
            if (deaths >= MostDeaths)
            {
                throw new InvalidDataException(
                    $"the learner died {deaths} times in a row while it trained this, without a new checkpoint; its log or the system's "
                    + $"may say why (memory, a crash); 'rapid resume {record.Directory.Id}' tries again");
            }

            await Task.Delay(deaths < 2 ? TimeSpan.Zero : PauseAfter(deaths - 2), either.Token);
            while (!await LiveAsync(record, epoch, either.Token, stopping))
            {
                EndLife(record);
                (epoch, _) = record.Directory.BeginLife(record.Lease?.Epoch);
            }

            record.Set(ExperimentState.Finished);
        }
        catch (Exception error) when (record.Lease is { IsLost: true })
        {
            LogUnlessCancellation(record, error);
            _logger.LogWarning(
                "{Run} is broken off at step {Step}: its lease was not renewed in time, and another learner may go on with it",
                record.Directory.Id, record.Step);
        }
        catch (Exception error) when (record.Cancellation.IsCancellationRequested)
        {
            LogUnlessCancellation(record, error);
            record.Set(ExperimentState.Cancelled);
        }
        catch (Exception error) when (stopping.IsCancellationRequested)
        {
            // What breaks in a process that ends says nothing about the run.
            LogUnlessCancellation(record, error);
            _logger.LogInformation("stopped {Run} at step {Step}; it goes on when the learner is back", record.Directory.Id, record.Step);
        }
        catch (OperationCanceledException) when (record.Hopeless is { } reason)
        {
            _logger.LogError("{Run} failed: {Reason}", record.Directory.Id, reason);
            record.Set(ExperimentState.Failed, reason);
        }
        catch (Exception error) when (RunObstacle.Of(error) is { } obstacle)
        {
            _logger.LogWarning("{Run} waits: {Obstacle}", record.Directory.Id, obstacle);
            PutBack(record, obstacle, stopping);
            EndLife(record);
        }
        catch (Exception error)
        {
            _logger.LogError(error, "{Run} failed", record.Directory.Id);
            record.Set(ExperimentState.Failed, error is RpcException refused ? refused.Status.Detail : error.Message);
        }
        finally
        {
            record.Policies.Complete();
            record.Games.Complete();
        }
    }

    /// <summary>Tries again later, and lets others run meanwhile.</summary>
    private void PutBack(ExperimentRecord record, string reason, CancellationToken stopping)
    {
        record.Wait(reason);
        _ = registry.PutBackAsync(record, PauseAfter(record.Delays++), stopping);
    }

    private void EndLife(ExperimentRecord record)
    {
        try
        {
            record.Directory.EndLife();
        }
        catch (Exception error) when (RunObstacle.IsOfDisk(error) || error is LeaseLostException)
        {
            _logger.LogWarning("life.json of {Run} could not be written: {Message}", record.Directory.Id, error.Message);
        }
    }

    private static TimeSpan PauseAfter(int times) => TimeSpan.FromSeconds(Math.Min(30, 1 << Math.Min(times, 5)));

    private void LogUnlessCancellation(ExperimentRecord record, Exception error)
    {
        if (error is not OperationCanceledException)
        {
            _logger.LogWarning(error, "{Run} was broken off", record.Directory.Id);
        }
    }

    /// <summary>One life of a run, on the replay services that there are.</summary>
    /// <returns>False when these became others before the run was over: its next life goes on with those.</returns>
    private async Task<bool> LiveAsync(ExperimentRecord record, ulong epoch, CancellationToken cancellation, CancellationToken stopping)
    {
        var choice = RunShards.ChooseAsync(shards, record.Options, record.Directory.Shard, cancellation);
        if (!choice.IsCompleted)
        {
            record.Wait($"RAPID_REPLAY: no replay service answers at {string.Join(", ", options.Replay)}");
        }

        await using var used = await choice;
        record.Directory.Shard = used.All[0].Name;
        using var life = CancellationTokenSource.CreateLinkedTokenSource(cancellation, record.Begin(epoch), used.Moved);
        try
        {
            await TrainAsync(record, epoch, used, life.Token, stopping);
            return true;
        }
        catch (Exception error) when (
            used.Moved.IsCancellationRequested && !cancellation.IsCancellationRequested && record.Hopeless is null)
        {
            LogUnlessCancellation(record, error);
            _logger.LogInformation("{Run} goes on at step {Step} with other replay services", record.Directory.Id, record.Step);
            return false;
        }
        finally
        {
            record.Policies.Complete();
            record.Games.Complete();
        }
    }

    private async Task TrainAsync(
        ExperimentRecord record, ulong epoch, RunShards used, CancellationToken cancellation, CancellationToken stopping)
    {
        var spec = record.Options;
        var logger = loggers.CreateLogger($"Rapid.Learner.{record.Directory.Id}");
        using var metrics = new RunMetrics(record.Directory.Path, record.Directory.Id, spec, record.Directory.MayWrite);
        metrics.Written += record.OnMetrics;
        var data = spec.Offline ? await OfflineData.OpenAsync(spec, cancellation) : null;
        var watch = new CallWatch(options.EnvironmentPatience);
        var services = options with { Replay = [.. used.All.Select(shard => shard.Address)] };
        await using var tables = await watch.RunAsync(
            () => new RunTables(record.Directory, epoch, spec, services, logger, data?.Steps ?? 0, watch));
        var goesOn = false;
        try
        {
            await tables.CreateAsync(cancellation);
            var work = new Assignment
            {
                Experiment = record.Directory.Id,
                Spec = SpecWriter.ToMessage(spec),
                Table = tables.ActorTable,
                Epoch = epoch,
                EnvironmentDigest = EnvironmentFiles.DigestOf(spec.Environment.Name, spec.Environment.Options),
            };
            work.ReplayAddresses.AddRange(tables.ActorServices.Select(address => address.ToString()));
            board.Begin(work, spec.Offline ? 0 : spec.Actors.Count);

            var checkpoints = new CheckpointStore(
                record.Directory.Checkpoints, spec.Checkpoint.Keep, logger, record.Directory.MayWrite);
            using var kept = spec.Replay.KeepData
                ? new KeptData(record.Directory, spec, RunTables.TransitionsName(record.Directory), services, logger)
                : null;
            var context = new RunContext(
                spec, record.Directory, record.Policies, record.Evaluations, metrics, checkpoints, tables, record.Games, record.Wait, logger,
                data, kept);
            await using var training = new TrainingRun(context);
            // No actor helps a run that learns from files.
            if (!spec.Offline)
            {
                telemetry.Follow(metrics.Instruments.Waiting);
            }

            await training.RunAsync(cancellation);
            if (kept is not null)
            {
                board.End(record.Directory.Id);
                await kept.CommitAsync(cancellation);
            }

            metrics.Finish();
        }
        catch (Exception error) when (!record.Cancellation.IsCancellationRequested)
        {
            goesOn = stopping.IsCancellationRequested || used.Moved.IsCancellationRequested || record.Lease is { IsLost: true }
                || RunObstacle.Of(error) is not null;
            throw;
        }
        finally
        {
            telemetry.Unfollow(metrics.Instruments.Waiting);
            // Actors go home before their table goes. A run that goes on later finds it again.
            board.End(record.Directory.Id);
            if (!goesOn && !stopping.IsCancellationRequested)
            {
                await tables.DropAsync(stopping);
            }
        }
    }
}
