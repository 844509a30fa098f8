using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Rapid.Replay.Stores;

/// <summary>
/// The right to write to a Redis database, which one replay service has at a time. It is lent for some seconds and renewed all the while;
/// each new holder gets a greater fencing token, which every table carries: a write with another token is refused by Redis itself, so that
/// a holder that was away for longer, and does not know it, spoils nothing. <c>rapid:lease</c> (hash: owner, token, until).
/// </summary>
internal sealed class RedisLease(RedisConnection redis, ILogger<RedisLease> logger)
{
    // Redis's own clock counts, so that nobody's else must be right.
    private const string Clock = """
        local now = redis.call('TIME')
        now = now[1] * 1000 + math.floor(now[2] / 1000)

        """;

    // ARGV: owner, milliseconds, the token that must be exceeded, an owner that is known to be dead.
    private const string Acquire = Clock + """
        local owner = redis.call('HGET', KEYS[1], 'owner')
        local left = math.min(ARGV[2], tonumber(redis.call('HGET', KEYS[1], 'until') or 0) - now)
        if owner and owner ~= ARGV[1] and owner ~= ARGV[4] and left > 0 then return {0, owner} end
        local token = math.max(tonumber(redis.call('HGET', KEYS[1], 'token') or 0), tonumber(ARGV[3])) + 1
        redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', token, 'until', now + ARGV[2])
        return {token, ARGV[1]}
        """;

    // ARGV: owner, milliseconds, a token that must be exceeded.
    private const string Renew = Clock + """
        local owner = redis.call('HGET', KEYS[1], 'owner')
        if owner ~= ARGV[1] then return {0, owner or ''} end
        local token = math.max(tonumber(redis.call('HGET', KEYS[1], 'token')), tonumber(ARGV[3]) + 1)
        redis.call('HSET', KEYS[1], 'token', token, 'until', now + ARGV[2])
        return {token, owner}
        """;

    // ARGV: owner.
    private const string Release = """
        if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('HSET', KEYS[1], 'until', 0) end
        return 0
        """;

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5), Interval = TimeSpan.FromSeconds(1);
    private static readonly RedisKey[] Key = ["rapid:lease"];

    // Who this is; the first three parts tell whether it is alive.
    private static readonly string[] Place =
        [Environment.MachineName, PidNamespace(), Environment.ProcessId.ToString(CultureInfo.InvariantCulture)];

    private readonly string _owner = string.Join('|', [.. Place, Guid.NewGuid().ToString("N")]);
    private long _token;
    private string? _lostTo;

    /// <summary>What every write must carry.</summary>
    public long Token => Interlocked.Read(ref _token);

    /// <summary>Takes the lease, waiting while another service has it.</summary>
    public async Task AcquireAsync(CancellationToken cancellation)
    {
        for (var attempt = 0; await redis.DoAsync(TryAcquireAsync, cancellation) is { } holder; attempt++)
        {
            if (attempt % 10 == 0)
            {
                logger.LogWarning(
                    "another replay service uses this Redis database, {Holder}: this one waits until that one has ended; give every replay "
                        + "service a database of its own (RAPID_REDIS=...,defaultDatabase=1)", Describe(holder));
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
        var owner = _lostTo ?? await TryRenewAsync(database, exceeding);
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
            await redis.OnceAsync(database => RedisRights.RunAsync(database, Release, Key, [_owner]), cancellation);
        }
        catch (Exception error) when (IsAway(error) || cancellation.IsCancellationRequested)
        {
            logger.LogWarning("the lease on Redis could not be given back and ends by itself: {Message}", error.Message);
        }
    }

    /// <returns>Who has it; null when it is renewed.</returns>
    private async Task<string?> TryRenewAsync(IDatabase database, long exceeding)
    {
        var owner = await TakeAsync(database, Renew, [_owner, (long)Lifetime.TotalMilliseconds, exceeding]);
        return owner?.Length == 0 ? await TryAcquireAsync(database) : owner;
    }

    /// <returns>Who has it; null when it is taken.</returns>
    private async Task<string?> TryAcquireAsync(IDatabase database)
    {
        var holder = (string?)await database.HashGetAsync(Key[0], "owner");
        return await TakeAsync(
            database, Acquire, [_owner, (long)Lifetime.TotalMilliseconds, Token, IsDead(holder) ? holder : ""]);
    }

    /// <returns>Who has it, "" for nobody; null when this service does, with the token that it has now.</returns>
    private async Task<string?> TakeAsync(IDatabase database, string script, RedisValue[] values)
    {
        var reply = (RedisResult[])(await RedisRights.RunAsync(database, script, Key, values))!;
        if ((long)reply[0] == 0)
        {
            return (string)reply[1]!;
        }

        Interlocked.Exchange(ref _token, (long)reply[0]);
        return null;
    }

    /// <summary>Whether a holder was a process of this machine that is no more: then nobody need wait for its time.</summary>
    private static bool IsDead(string? owner) => owner?.Split('|') is { Length: 4 } parts && parts[0] == Place[0] && parts[1] == Place[1]
        && (parts[2] == Place[2] || (OperatingSystem.IsLinux() && !Directory.Exists($"/proc/{parts[2]}")));

    private static bool IsAway(Exception error) =>
        error is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException;

    private static string PidNamespace() =>
        OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget ?? "" : "";

    private static string Describe(string owner) =>
        owner.Split('|') is { Length: 4 } parts ? $"process {parts[2]} on {parts[0]}" : $"'{owner}'";

    private static string Lost(string owner) =>
        $"another replay service has taken over this Redis database, {Describe(owner)}, because this one was away from Redis: start this "
        + "one again when that one has ended, or give it a database of its own (RAPID_REDIS=...,defaultDatabase=1)";
}
