using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Redis;
using StackExchange.Redis;

namespace Rapid.Replay.Stores;

/// <summary>
/// The right to write to a Redis database, which one replay service has at a time: a <see cref="RedisLease"/>, <c>rapid:lease</c>,
/// whose token every table carries: a write with another token is refused by Redis itself, so that a holder that was away for longer, and
/// does not know it, spoils nothing.
/// </summary>
internal sealed class DatabaseLease(RedisConnection redis, ILogger<DatabaseLease> logger)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5), Interval = TimeSpan.FromSeconds(1);

    private readonly RedisLease _lease = new("rapid:lease", RedisLease.NewOwner(), Lifetime);
    private string? _lostTo;

    /// <summary>What every write must carry.</summary>
    public long Token => _lease.Token;

    /// <summary>Takes the lease, waiting while another service has it.</summary>
    public async Task AcquireAsync(CancellationToken cancellation)
    {
        for (var attempt = 0; await redis.DoAsync(AcquireAsync, cancellation) is { } holder; attempt++)
        {
            if (attempt % 10 == 0)
            {
                logger.LogWarning(
                    "another replay service uses this Redis database, {Holder}: this one waits until that one has ended; give every replay "
                        + "service a database of its own (RAPID_REDIS=...,defaultDatabase=1)", RedisLease.Describe(holder));
            }

            await Task.Delay(Interval, cancellation);
        }
    }

    /// <summary>Renews the lease until it is cancelled.</summary>
    public async Task KeepAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            try
            {
                await RenewAsync(cancellation);
            }
            catch (Exception error) when (IsAway(error) || error is RpcException)
            {
                // Writes say what is wrong, and so does the health check.
            }
        }
    }

    /// <summary>Renews it once.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: another service has it.</exception>
    public Task RenewAsync(CancellationToken cancellation) => redis.OnceAsync(
        async database =>
        {
            await EnsureAsync(database);
            return true;
        },
        cancellation);

    /// <summary>Makes sure that this service has it; takes it again when Redis has forgotten it.</summary>
    /// <param name="database">Where.</param>
    /// <param name="exceeding">A token that a table carries and that this service's must exceed.</param>
    /// <exception cref="RpcException">UNAVAILABLE: another service has it.</exception>
    public async Task EnsureAsync(IDatabase database, long exceeding = 0)
    {
        if (Token == 0)
        {
            // Not lost: a health check comes before it was ever taken, while the one who had it may be dead.
            throw new RpcException(new Status(StatusCode.Unavailable, "this replay service does not have its Redis database yet"));
        }

        // Whoever lost it does not know what the other has written since, and cannot go on when that one ends.
        var owner = _lostTo ?? await RedisRights.DoAsync(database, () => _lease.TryRenewAsync(database, exceeding));
        if (owner is null)
        {
            return;
        }

        if (Interlocked.CompareExchange(ref _lostTo, owner, null) is null)
        {
            logger.LogError("{Problem}", Lost(owner));
        }

        throw new RpcException(new Status(StatusCode.Unavailable, Lost(owner)));
    }

    /// <summary>Lets the next service begin at once; without Redis it has to wait until the lease ends by itself.</summary>
    public async Task ReleaseAsync(CancellationToken cancellation)
    {
        if (Token == 0 || _lostTo is not null)
        {
            return;
        }

        try
        {
            await redis.OnceAsync(_lease.ReleaseAsync, cancellation);
        }
        catch (Exception error) when (IsAway(error) || cancellation.IsCancellationRequested)
        {
            logger.LogWarning("the lease on Redis could not be given back and ends by itself: {Message}", error.Message);
        }
    }

    private Task<string?> AcquireAsync(IDatabase database) => RedisRights.DoAsync(database, () => _lease.TryAcquireAsync(database));

    private static bool IsAway(Exception error) =>
        error is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException;

    private static string Lost(string owner) =>
        $"another replay service has taken over this Redis database, {RedisLease.Describe(owner)}, because this one was away from "
        + "Redis: start this one again when that one has ended, or give it a database of its own (RAPID_REDIS=...,defaultDatabase=1)";
}
