using System.Diagnostics;
using Grpc.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Learner.Queue;
using Rapid.Learner.Slots;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Experiments;

/// <summary>The heartbeat of a learner that shares its queue: keeps its leases, looks at the queue, lets its experiments know what others
/// do with them, and shares out the workers.</summary>
internal sealed class SharedBeat(
    SharedQueue queue, ExperimentRegistry registry, AssignmentBoard board, ServiceOptions options, ILogger<SharedBeat> logger)
    : BackgroundService, IHealthCheck
{
    private const int LoggedFailures = 30;

    // In a row, before actors are sent on: between two runs a learner has no slots, and actors that are on their way are nowhere.
    private const int SurplusBeats = 3;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), FirstPatience = TimeSpan.FromSeconds(3);

    private readonly string _address = AddressOf(options);

    // Runs that are not in the queue, since when.
    private readonly Dictionary<string, long> _missing = [];
    private int _surplusBeats;
    private int _failures;
    private volatile string? _problem = "Redis was not asked yet";

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(FirstPatience);
        try
        {
            await queue.CheckAsync(patience.Token);
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.FailedPrecondition)
        {
            throw new ConfigurationException([refused.Status.Detail]);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It is away: the learner answers all the same.
        }

        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Runs that end now write a checkpoint under their lease.
        await queue.WaitUntilIdleAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
        await queue.LeaveAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            _problem is { } problem ? HealthCheckResult.Unhealthy($"the shared queue: {problem}") : HealthCheckResult.Healthy());

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await BeatAsync(stoppingToken);
                (_failures, _problem) = (0, null);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Whatever it is, the leases must be renewed: the next beat tries again.
                _problem = error.Message;
                if (_failures++ % LoggedFailures == 0)
                {
                    logger.LogWarning("the shared queue cannot be used, trying again: {Message}", error.Message);
                }
            }

            await queue.WaitAsync(Interval, stoppingToken);
        }
    }

    private async Task BeatAsync(CancellationToken cancellation)
    {
        var own = new LearnerStatus(_address, board.Slots, board.Count(WorkerRole.Actor));
        var view = await queue.BeatAsync(own.ToString(), cancellation);
        LearnerStatus[] others =
        [
            .. view.Learners.Where(learner => learner.Key != queue.Owner)
                .Select(learner => LearnerStatus.Read(learner.Value)).OfType<LearnerStatus>(),
        ];
        board.SetOthers([.. others.Select(other => other.Address).Distinct().Order(StringComparer.Ordinal)]);
        var (count, to) = own.Surplus(others);
        _surplusBeats = count > 0 ? _surplusBeats + 1 : 0;
        if (_surplusBeats == SurplusBeats)
        {
            logger.LogInformation("{Count} actors are sent on to the learner at {Learner}", count, to.Address);
            _surplusBeats = 0;
            board.SendOn(count, to.Address);
        }

        await ApplyAsync(view, cancellation);
    }

    /// <exception cref="ConfigurationException">It is not known before the learner listens.</exception>
    private static string AddressOf(ServiceOptions options) =>
        (options.Advertise ?? options.Listen.FirstOrDefault(address => address.IsReachable)?.FromElsewhere())?.ToString()
        ?? throw new ConfigurationException([
            $"RAPID_ADVERTISE: not set, and {string.Join(", ", options.Listen)} does not say which port it will be; set it to where "
                + "actors, evaluators and other learners reach this one"]);

    private async Task ApplyAsync(QueueView view, CancellationToken cancellation)
    {
        if (view.Runs.Any(run => registry.Find(run.Id) is null))
        {
            registry.Discover();
        }

        var queued = view.Runs.ToDictionary(run => run.Id);
        foreach (var record in registry.All)
        {
            var run = queued.GetValueOrDefault(record.Directory.Id);
            if (record.IsOwned)
            {
                _missing.Remove(record.Directory.Id);
                if (run is { IsCancelled: true })
                {
                    await record.Cancellation.CancelAsync();
                }
            }
            else if (record.IsOver)
            {
                await ApplyToEndedAsync(record, run, cancellation);
            }
            else if (run is null || run.Owner.Length > 0 || record.State == ExperimentState.Running)
            {
                record.Follow(run is { Owner.Length: > 0 });
                NoteMissing(record, run);
            }
        }
    }

    private async Task ApplyToEndedAsync(ExperimentRecord record, QueuedRun? run, CancellationToken cancellation)
    {
        if (run is null)
        {
            return;
        }

        registry.ReadAgain(record);
        if (run.Owner.Length == 0 && registry.Find(record.Directory.Id) == record)
        {
            // Whoever ended it died before Redis knew.
            await queue.RemoveAsync(record.Directory.Id, cancellation);
        }
    }

    /// <summary>A run that is not over and not in the queue: whoever trains it may be about to say so again.</summary>
    private void NoteMissing(ExperimentRecord record, QueuedRun? run)
    {
        var id = record.Directory.Id;
        if (run is not null || record.IsOver)
        {
            _missing.Remove(id);
        }
        else if (_missing.TryAdd(id, Stopwatch.GetTimestamp()))
        {
            return;
        }
        else if (Stopwatch.GetElapsedTime(_missing[id]) > RunLease.Lifetime)
        {
            logger.LogInformation("{Run} is in no queue and is put into it again", id);
            _missing.Remove(id);
            queue.Adopt(id);
        }
    }
}
