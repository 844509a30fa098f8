using System.Globalization;
using StackExchange.Redis;

namespace Rapid.Redis;

/// <summary>
/// A right that one process has at a time. It is lent for some seconds and renewed all the while; each new holder gets a greater fencing
/// token, so that what is written with an earlier one can be refused. A hash: owner, token, until.
/// </summary>
/// <param name="key">Of the hash.</param>
/// <param name="owner">Who asks, as <see cref="NewOwner"/> makes it.</param>
/// <param name="lifetime">How long it is lent.</param>
public sealed class RedisLease(RedisKey key, string owner, TimeSpan lifetime)
{
    /// <summary>Begins a script: <c>now</c> is the time in milliseconds. Redis's own clock counts, so that nobody's else must be
    /// right.</summary>
    public const string Clock = """
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

    // Where this process is; with these parts an owner tells whether it is alive.
    private static readonly string[] Place =
        [Environment.MachineName, PidNamespace(), Environment.ProcessId.ToString(CultureInfo.InvariantCulture)];

    private readonly RedisKey[] _keys = [key];
    private long _token;

    /// <summary>What the holder's writes carry; 0 before it was ever taken.</summary>
    public long Token => Interlocked.Read(ref _token);

    /// <summary>A name for one holder in this process, which no other has.</summary>
    public static string NewOwner() => string.Join('|', [.. Place, Guid.NewGuid().ToString("N")]);

    /// <summary>An owner in words.</summary>
    public static string Describe(string owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return owner.Split('|') is { Length: 4 } parts ? $"process {parts[2]} on {parts[0]}" : $"'{owner}'";
    }

    /// <summary>Whether an owner was a process of this machine that is no more: then nobody need wait for its time.</summary>
    public static bool IsDead(string? owner) => owner?.Split('|') is { Length: 4 } parts && parts[0] == Place[0] && parts[1] == Place[1]
        && (parts[2] == Place[2] || (OperatingSystem.IsLinux() && !Directory.Exists($"/proc/{parts[2]}")));

    /// <summary>Takes it when nobody alive has it.</summary>
    /// <param name="database">Where.</param>
    /// <param name="exceeding">A token that must be exceeded.</param>
    /// <returns>Who has it; null when it is taken.</returns>
    public async Task<string?> TryAcquireAsync(IDatabase database, long exceeding = 0)
    {
        ArgumentNullException.ThrowIfNull(database);
        var holder = (string?)await database.HashGetAsync(_keys[0], "owner");
        return await TakeAsync(
            database, Acquire, [owner, (long)lifetime.TotalMilliseconds, Math.Max(Token, exceeding), IsDead(holder) ? holder : ""]);
    }

    /// <summary>Keeps it for another lifetime; takes it again when Redis has forgotten it.</summary>
    /// <param name="database">Where.</param>
    /// <param name="exceeding">A token that must be exceeded.</param>
    /// <returns>Who has it; null when it is renewed.</returns>
    public async Task<string?> TryRenewAsync(IDatabase database, long exceeding = 0)
    {
        var holder = await TakeAsync(database, Renew, [owner, (long)lifetime.TotalMilliseconds, exceeding]);
        return holder?.Length == 0 ? await TryAcquireAsync(database) : holder;
    }

    /// <summary>Lets the next holder begin at once.</summary>
    public Task<RedisResult> ReleaseAsync(IDatabase database) => RedisScript.RunAsync(database, Release, _keys, [owner]);

    /// <returns>Who has it, "" for nobody; null when this process does, with the token that it has now.</returns>
    private async Task<string?> TakeAsync(IDatabase database, string script, RedisValue[] values)
    {
        var reply = (RedisResult[])(await RedisScript.RunAsync(database, script, _keys, values))!;
        if ((long)reply[0] == 0)
        {
            return (string)reply[1]!;
        }

        Interlocked.Exchange(ref _token, (long)reply[0]);
        return null;
    }

    private static string PidNamespace() =>
        OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget ?? "" : "";
}
