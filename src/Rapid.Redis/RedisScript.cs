using StackExchange.Redis;

namespace Rapid.Redis;

/// <summary>What Redis does in one piece.</summary>
public static class RedisScript
{
    /// <summary>Runs a script.</summary>
    public static Task<RedisResult> RunAsync(IDatabase database, string script, RedisKey[] keys, RedisValue[] values)
    {
        ArgumentNullException.ThrowIfNull(database);

        // Redis remembers scripts by itself; that the client does, too, would need another right.
        return database.ScriptEvaluateAsync(script, keys, values, CommandFlags.NoScriptCache);
    }
}
