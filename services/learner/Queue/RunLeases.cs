using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Rapid.Learner.Runs;
using Rapid.Redis;

namespace Rapid.Learner.Queue;

/// <summary>The leases that a learner has of runs.</summary>
/// <param name="redis">Lends them.</param>
/// <param name="owner">Who the learner is.</param>
/// <param name="beforeRelease">Called before others may take a run up that is not over.</param>
/// <param name="logger">Hears of those that are lost.</param>
internal sealed class RunLeases(QueueRedis redis, string owner, Func<Task> beforeRelease, ILogger logger)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, RunLease?> _leases = []; // null: is being taken

    /// <summary>Those that are not over.</summary>
    public IReadOnlyList<RunLease> Held
    {
        get
        {
            lock (_gate)
            {
                return [.. _leases.Values.OfType<RunLease>().Where(lease => !lease.IsLost)];
            }
        }
    }

    /// <summary>Whether this learner has, takes or gives back the lease of a run.</summary>
    public bool Knows(string id)
    {
        lock (_gate)
        {
            return _leases.ContainsKey(id);
        }
    }

    /// <summary>Takes the lease of a run.</summary>
    /// <returns>Null: another has it, or this learner has for another reason.</returns>
    public async Task<RunLease?> TryTakeAsync(RunDirectory run, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (!_leases.TryAdd(run.Id, null))
            {
                return null;
            }
        }

        RunLease? lease = null;
        try
        {
            lease = await AcquireAsync(run, cancellation);
            return lease;
        }
        finally
        {
            if (lease is null)
            {
                Forget(run.Id);
            }
        }
    }

    /// <summary>Keeps all of them for another lifetime.</summary>
    public Task RenewAsync(CancellationToken cancellation) => Task.WhenAll(Held.Select(lease => RenewAsync(lease, cancellation)));

    /// <summary>Returns when none is left.</summary>
    public async Task WaitUntilNoneAsync(CancellationToken cancellation)
    {
        while (!IsEmpty() && !cancellation.IsCancellationRequested)
        {
            await Task.Delay(Poll, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<RunLease?> AcquireAsync(RunDirectory run, CancellationToken cancellation)
    {
        if (run.TryLock(shared: true) is not { } folder)
        {
            return null;
        }

        RunLease? lease = null;
        try
        {
            var inRedis = new RedisLease(QueueScripts.LeaseOf(run.Id), owner, RunLease.Lifetime);
            var since = Stopwatch.GetTimestamp();
            if (await redis.CallAsync(database => inRedis.TryAcquireAsync(database, run.LeastToken()), cancellation) is null)
            {
                lease = new RunLease(run.Id, inRedis, since, folder, Return);
                run.MayWrite = lease.Check;
                lock (_gate)
                {
                    _leases[run.Id] = lease;
                }
            }

            return lease;
        }
        finally
        {
            if (lease is null)
            {
                await folder.DisposeAsync();
            }
        }
    }

    private async Task RenewAsync(RunLease lease, CancellationToken cancellation)
    {
        var since = Stopwatch.GetTimestamp();
        try
        {
            if (await redis.CallAsync(database => lease.InRedis.TryRenewAsync(database), cancellation) is { } other)
            {
                logger.LogError("{Run} is trained by another learner now: {Owner}", lease.Id, RedisLease.Describe(other));
                lease.Lose();
            }
            else
            {
                lease.Extend(since);
            }
        }
        catch (Exception error) when (QueueRedis.IsTrouble(error))
        {
            // It ends by itself.
        }
    }

    private void Return(RunLease lease, bool isHeld) => _ = Task.Run(async () =>
    {
        try
        {
            if (isHeld && lease.IsOfEndedRun)
            {
                await redis.RunAsync(QueueScripts.Finish, QueueScripts.KeysOf(lease.Id), [lease.Id, owner], CancellationToken.None);
            }
            else if (isHeld)
            {
                await beforeRelease();
                await redis.CallAsync(lease.InRedis.ReleaseAsync, CancellationToken.None);
            }
        }
        catch (Exception error) when (QueueRedis.IsTrouble(error))
        {
            // It ends by itself.
        }
        finally
        {
            Forget(lease.Id);
        }
    });

    private bool IsEmpty()
    {
        lock (_gate)
        {
            return _leases.Count == 0;
        }
    }

    private void Forget(string id)
    {
        lock (_gate)
        {
            _leases.Remove(id);
        }
    }
}
