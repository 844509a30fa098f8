using System.Globalization;
using Grpc.Core;
using Rapid.Hosting;
using Rapid.Redis;
using StackExchange.Redis;

namespace Rapid.Replay.Stores;

/// <summary>
/// The layout of a database, which <c>rapid:layout</c> says (hash: layout, rapid: the version that made it). One that is newer than
/// this program is left alone. Older tables are brought up to date one by one (<see cref="RedisStore"/>); then the database says so.
/// Layout 1 had no number yet, and the epoch of a table's first owner in its definition.
/// </summary>
internal static class RedisLayout
{
    /// <summary>What this program writes.</summary>
    public const int Current = 2;

    // ARGV: layout, version of Rapid.
    private const string Mark = """
        if tonumber(redis.call('HGET', KEYS[1], 'layout') or 0) < tonumber(ARGV[1]) then
            redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'rapid', ARGV[2])
        end
        return 1
        """;

    private static readonly RedisKey[] Key = ["rapid:layout"];

    /// <summary>Makes sure, by reading alone, that this program knows the database's layout.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: it does not; with both layouts and versions.</exception>
    public static async Task RefuseNewerAsync(RedisConnection redis, CancellationToken cancellation)
    {
        var layout = await ReadAsync("layout");
        if (!layout.IsNull && Read(layout) > Current)
        {
            throw new RpcException(new Status(
                StatusCode.FailedPrecondition,
                $"RAPID_REDIS: the database has layout {(string?)layout}, which Rapid {(string?)await ReadAsync("rapid")} made, and this "
                    + $"is Rapid {RapidVersion.Own}, which knows layouts up to {Current}; nothing was touched: start that version again, or "
                    + "give this service a database of its own (RAPID_REDIS=...,defaultDatabase=1)"));
        }

        // One field a time: to read several in one command would need another right.
        Task<RedisValue> ReadAsync(string field) => redis.DoAsync(database => database.HashGetAsync(Key[0], field), cancellation);
    }

    /// <summary>Notes that everything in the database is of this program's layout.</summary>
    public static Task MarkAsync(RedisConnection redis, CancellationToken cancellation) => redis.DoAsync(
        database => RedisRights.RunAsync(database, Mark, Key, [Current, $"{RapidVersion.Own}"]), cancellation);

    /// <summary>A layout's number; the highest for what is none, which only another program can have written.</summary>
    public static int Read(RedisValue text) =>
        int.TryParse((string?)text, NumberStyles.None, CultureInfo.InvariantCulture, out var layout) ? layout : int.MaxValue;
}
