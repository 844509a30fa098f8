using Grpc.Core;
using Rapid.Redis;
using StackExchange.Redis;

namespace Rapid.Learner.Queue;

/// <summary>One attempt at what the queue asks of Redis: what it is for is tried again with the next heartbeat.</summary>
internal sealed class QueueRedis(RedisConnection redis)
{
    // A call that Redis does not answer must not keep the leases from being renewed.
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(2);

    /// <summary>Whether Redis did not do what it was asked to.</summary>
    public static bool IsTrouble(Exception error) =>
        error is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException;

    /// <summary>Does something.</summary>
    public Task<T> CallAsync<T>(Func<IDatabase, Task<T>> operation, CancellationToken cancellation) =>
        redis.OnceAsync(operation, cancellation).WaitAsync(CallTime, cancellation);

    /// <summary>Runs a script.</summary>
    public Task<RedisResult> RunAsync(string script, RedisKey[] keys, RedisValue[] values, CancellationToken cancellation) =>
        CallAsync(database => RedisScript.RunAsync(database, script, keys, values), cancellation);

    /// <summary>Does something that somebody waits for.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: Redis does not answer.</exception>
    public static async Task<T> AnswerAsync<T>(Func<Task<T>> operation)
    {
        try
        {
            return await operation();
        }
        catch (Exception error) when (IsTrouble(error))
        {
            throw new RpcException(new Status(
                StatusCode.Unavailable, $"Redis, which has the learners' queue, does not answer as it should: {error.Message}", error));
        }
    }
}
