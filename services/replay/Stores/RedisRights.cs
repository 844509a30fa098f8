using Rapid.Redis;
using StackExchange.Redis;

namespace Rapid.Replay.Stores;

/// <summary>Tries the commands that this service gives Redis, each alone, so that the one that is refused says so.</summary>
internal static class RedisRights
{
    /// <summary>
    /// What the user of RAPID_REDIS must be allowed on a Redis of its own: the store's commands on the store's keys, and ECHO and PING, by
    /// which the client sees that Redis answers. FSYNC tables need <c>+config|get</c> besides, a cluster
    /// <c>+cluster|slots +cluster|nodes</c>, <c>defaultDatabase</c> <c>+select</c>.
    /// </summary>
    public const string Least =
        "~rapid:* +echo +ping +time +eval +smembers +sadd +srem +hget +hgetall +hset +hdel +get +setrange +unlink";

    // Keys that no table has, as a table's name is never empty.
    private static readonly RedisKey Trial = "rapid:{}:trial";

    /// <summary>What the replay service needs Redis for.</summary>
    public static RedisUse Use { get; } = new("the replay service", Least, ", for FSYNC tables +config|get besides");

    /// <summary>Makes sure that Redis allows all of them.</summary>
    /// <exception cref="Grpc.Core.RpcException">FAILED_PRECONDITION: which one it refuses, and why.</exception>
    public static Task CheckAsync(RedisConnection redis, CancellationToken cancellation) => redis.DoAsync(
        async database =>
        {
            await TryAsync(database);
            await database.SetAddAsync(RedisStore.Tables, "");
            return await database.SetRemoveAsync(RedisStore.Tables, "");
        },
        cancellation);

    /// <summary>Runs a script; when it is refused, the command in it that is says why.</summary>
    public static Task<RedisResult> RunAsync(IDatabase database, string script, RedisKey[] keys, RedisValue[] values) =>
        DoAsync(database, () => RedisScript.RunAsync(database, script, keys, values));

    /// <summary>Does what is a script; when it is refused, the command in it that is says why.</summary>
    public static async Task<T> DoAsync<T>(IDatabase database, Func<Task<T>> operation)
    {
        try
        {
            return await operation();
        }
        catch (RedisServerException refused) when (!RedisRefusal.Passes(refused))
        {
            await TryAsync(database);
            throw;
        }
    }

    private static async Task TryAsync(IDatabase database)
    {
        await database.HashSetAsync(Trial, "field", 1);
        await database.HashGetAsync(Trial, "field");
        await database.HashGetAllAsync(Trial);
        await database.HashDeleteAsync(Trial, "field");
        await database.StringSetRangeAsync(Trial, 0, "text");
        await database.StringGetAsync(Trial);
        await database.KeyDeleteAsync(Trial);
        await database.ExecuteAsync("TIME");
        await RedisScript.RunAsync(database, "return redis.call('HGET', KEYS[1], 'field')", [Trial], []);
    }
}
