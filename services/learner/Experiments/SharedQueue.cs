using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Learner.Queue;
using Rapid.Learner.Runs;
using Rapid.Redis;

namespace Rapid.Learner.Experiments;

/// <summary>
/// One queue of several learners, in Redis. What a run is stands in its folder, which they share; Redis says whose turn it is, who trains
/// what, and what is to be cancelled. What Redis does not know any more is made again: each learner says again what it trains, and a run
/// that nobody has heard of for a lease's time is put in the queue by whoever sees its folder.
/// </summary>
internal sealed class SharedQueue : IRunQueue
{
    // Of a run that is taken between a look at the queue and the attempt, or whose folder is locked.
    private static readonly TimeSpan PauseOfTaken = TimeSpan.FromSeconds(2);

    private readonly RedisConnection _connection;
    private readonly QueueRedis _redis;
    private readonly RunLeases _leases;
    private readonly RunOrder _order;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly ChangeSignal _changes = new();
    private readonly Dictionary<string, (TimeSpan Pause, bool ToTheEnd)> _announced = [];
    private readonly Dictionary<string, long> _notBefore = [];
    private readonly Channel<bool> _news =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private QueueView _view = QueueView.Empty;

    /// <param name="redis">Has the queue.</param>
    /// <param name="order">Whose turn it is.</param>
    /// <param name="logger">Says what is taken up, and what is lost.</param>
    /// <param name="owner">Who this learner is; null: this process.</param>
    public SharedQueue(RedisConnection redis, RunOrder order, ILogger<SharedQueue> logger, string? owner = null)
    {
        (_connection, _redis, _order, _logger, Owner) = (redis, new QueueRedis(redis), order, logger, owner ?? RedisLease.NewOwner());
        _leases = new RunLeases(_redis, Owner, () => TellAsync(CancellationToken.None), logger);
    }

    /// <summary>Who this learner is.</summary>
    public string Owner { get; }

    /// <summary>Makes sure that Redis allows all that the queue needs.</summary>
    /// <exception cref="Grpc.Core.RpcException">FAILED_PRECONDITION: it does not; the text says what to do.</exception>
    public Task CheckAsync(CancellationToken cancellation) => _connection.DoAsync(
        async database =>
        {
            // No run has this name.
            var trial = $"/{Owner}";
            await new RedisLease(QueueScripts.LeaseOf(trial), Owner, RunLease.Lifetime).TryAcquireAsync(database);
            await RedisScript.RunAsync(database, QueueScripts.Enqueue, QueueScripts.KeysOfEnqueue, [trial, 0, 0]);
            await RedisScript.RunAsync(database, QueueScripts.Cancel, QueueScripts.KeysOfCancel, [trial]);
            return await RedisScript.RunAsync(database, QueueScripts.Finish, QueueScripts.KeysOf(trial), [trial, Owner]);
        },
        cancellation);

    /// <inheritdoc/>
    public Task Changed
    {
        get
        {
            lock (_gate)
            {
                return _changes.Next;
            }
        }
    }

    /// <inheritdoc/>
    public void Add(ExperimentRecord record, IDisposable? held = null)
    {
        Announce(record.Directory.Id, TimeSpan.Zero, toTheEnd: held is not null);

        // Whoever has room takes it up.
        held?.Dispose();
    }

    /// <inheritdoc/>
    public Task PutBackAsync(ExperimentRecord record, TimeSpan pause, CancellationToken stopping)
    {
        Announce(record.Directory.Id, pause, toTheEnd: true);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<ExperimentRecord?> TryTakeAsync(
        IReadOnlyCollection<ExperimentRecord> running, Func<string, ExperimentRecord?> find, CancellationToken stopping)
    {
        Dictionary<string, QueuedRun> free;
        ExperimentRecord[] elsewhere;
        lock (_gate)
        {
            free = _view.Runs.Where(IsFree).ToDictionary(run => run.Id);
            elsewhere =
            [
                .. _view.Runs.Where(run => run.Owner.Length > 0 && run.Owner != Owner)
                    .Select(run => find(run.Id)).OfType<ExperimentRecord>(),
            ];
        }

        var waiting = free.Keys.Select(find).Where(record => record is { IsOver: false }).Select(record => record!).ToList();
        while (_order.Next(waiting, running, elsewhere) is { } next)
        {
            if (await TryTakeAsync(next, free[next.Directory.Id], stopping))
            {
                _order.Begins(next);
                return next;
            }

            waiting.Remove(next);
        }

        return null;
    }

    /// <inheritdoc/>
    public Task<IDisposable?> TryHoldAsync(ExperimentRecord record, CancellationToken cancellation) =>
        QueueRedis.AnswerAsync<IDisposable?>(async () => await _leases.TryTakeAsync(record.Directory, cancellation));

    /// <inheritdoc/>
    public Task<bool> AskToCancelAsync(ExperimentRecord record, CancellationToken cancellation) => QueueRedis.AnswerAsync(async () =>
        (long)await _redis.RunAsync(QueueScripts.Cancel, QueueScripts.KeysOfCancel, [record.Directory.Id], cancellation) == 1);

    /// <summary>Says that this learner is alive, keeps its leases, and looks at the queue.</summary>
    /// <param name="says">What others are to know of this learner.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<QueueView> BeatAsync(string says, CancellationToken cancellation)
    {
        var held = _leases.Held;
        await _leases.RenewAsync(cancellation);
        await TellAsync(cancellation);
        var view = QueueView.Read(await _redis.RunAsync(
            QueueScripts.Beat, QueueScripts.KeysOfBeat,
            [QueueScripts.Leases, Owner, says, (long)RunLease.Lifetime.TotalMilliseconds], cancellation));
        foreach (var lease in held.ExceptBy(view.Runs.Select(run => run.Id), lease => lease.Id).Where(lease => !lease.IsOfEndedRun))
        {
            // Redis has forgotten the queue.
            Announce(lease.Id, TimeSpan.Zero, toTheEnd: false);
        }

        lock (_gate)
        {
            _view = view;
            _changes.Raise();
        }

        return view;
    }

    /// <summary>Returns after a time, or at once when there is something to say.</summary>
    public async Task WaitAsync(TimeSpan pause, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(pause);
        try
        {
            await _news.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Nothing to say, or the end.
        }
    }

    /// <summary>Puts a run in the queue that is not in it.</summary>
    public void Adopt(string id) => Announce(id, TimeSpan.Zero, toTheEnd: false);

    /// <summary>Removes a run that has ended, unless somebody has it.</summary>
    public Task RemoveAsync(string id, CancellationToken cancellation) =>
        _redis.RunAsync(QueueScripts.Finish, QueueScripts.KeysOf(id), [id, ""], cancellation);

    /// <summary>Returns when no run is trained under a lease any more.</summary>
    public Task WaitUntilIdleAsync(CancellationToken cancellation) => _leases.WaitUntilNoneAsync(cancellation);

    /// <summary>Says that this learner ends.</summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        try
        {
            await TellAsync(cancellation);
            await _redis.CallAsync(database => database.HashDeleteAsync(QueueScripts.Learners, Owner), cancellation);
        }
        catch (Exception error) when (QueueRedis.IsTrouble(error) || cancellation.IsCancellationRequested)
        {
            _logger.LogWarning("the shared queue could not be left, others notice by themselves: {Message}", error.Message);
        }
    }

    /// <summary>Under the gate: whether a run may be taken up.</summary>
    private bool IsFree(QueuedRun run) => !run.IsDelayed && !_leases.Knows(run.Id)
        && (run.Owner.Length == 0 || RedisLease.IsDead(run.Owner))
        && !(_notBefore.TryGetValue(run.Id, out var time) && Stopwatch.GetTimestamp() < time);

    private async Task<bool> TryTakeAsync(ExperimentRecord record, QueuedRun run, CancellationToken cancellation)
    {
        try
        {
            if (await _leases.TryTakeAsync(record.Directory, cancellation) is not { } lease)
            {
                Delay(run.Id, PauseOfTaken);
                return false;
            }

            record.TryOwn(lease);
        }
        catch (Exception error) when (QueueRedis.IsTrouble(error))
        {
            return false;
        }
        catch (Exception error) when (RunObstacle.IsOfDisk(error))
        {
            record.Wait($"the run's folder cannot be written: {error.Message}");
            Delay(run.Id, PauseOfTaken);
            return false;
        }

        // What another has ended is over here too.
        if (!record.IsOver)
        {
            _logger.LogInformation("taking up {Run}", run.Id);
            if (run.IsCancelled)
            {
                await record.Cancellation.CancelAsync();
            }
        }

        return !record.IsOver;
    }

    /// <summary>Tells Redis of runs that were put in the queue since the last time.</summary>
    private async Task TellAsync(CancellationToken cancellation)
    {
        KeyValuePair<string, (TimeSpan Pause, bool ToTheEnd)>[] all;
        lock (_gate)
        {
            all = [.. _announced];
        }

        foreach (var (id, (pause, toTheEnd)) in all)
        {
            await _redis.RunAsync(
                QueueScripts.Enqueue, QueueScripts.KeysOfEnqueue, [id, (long)pause.TotalMilliseconds, toTheEnd ? 1 : 0], cancellation);
            lock (_gate)
            {
                if (_announced.TryGetValue(id, out var still) && still == (pause, toTheEnd))
                {
                    _announced.Remove(id);
                }
            }
        }
    }

    private void Announce(string id, TimeSpan pause, bool toTheEnd)
    {
        Delay(id, pause);
        lock (_gate)
        {
            _announced[id] = (pause, toTheEnd);
        }

        _news.Writer.TryWrite(true);
    }

    /// <summary>What was seen of the queue is older than this.</summary>
    private void Delay(string id, TimeSpan pause)
    {
        lock (_gate)
        {
            _notBefore.Remove(id);
            if (pause > TimeSpan.Zero)
            {
                _notBefore[id] = Stopwatch.GetTimestamp() + (long)(pause.TotalSeconds * Stopwatch.Frequency);
            }
        }
    }
}
