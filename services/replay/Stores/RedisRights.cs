using StackExchange.Redis;

namespace Rapid.Replay.Stores;

/// <summary>Tries the commands that this service gives Redis, each alone, so that the one that is refused says so.</summary>
internal static class RedisRights
{
    // Keys that no table has, as a table's name is never empty.
    private static readonly RedisKey Trial = "rapid:{}:trial";

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
    public static async Task<RedisResult> RunAsync(IDatabase database, string script, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            // Redis remembers scripts by itself; that the client does, too, would need another right.
            return await database.ScriptEvaluateAsync(script, keys, values, CommandFlags.NoScriptCache);
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
        await database.ScriptEvaluateAsync("return redis.call('HGET', KEYS[1], 'field')", [Trial], [], CommandFlags.NoScriptCache);
    }
}
