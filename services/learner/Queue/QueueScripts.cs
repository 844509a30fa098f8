using Rapid.Redis;
using StackExchange.Redis;

namespace Rapid.Learner.Queue;

/// <summary>
/// What learners keep in Redis together. All keys share a hash tag, so that a cluster keeps them together and one script covers them:
/// <c>waiting</c> (sorted set: runs that have not ended, by the ticket that each drew), <c>ticket</c> (the newest), <c>after</c> (hash: run
/// to the time before which nobody takes it up), <c>cancel</c> (set: runs that are to be cancelled), <c>learners</c> (hash: learner to when
/// it is forgotten, and what it says of itself), <c>lease:ID</c> (a <see cref="RedisLease"/>: who trains the run).
/// </summary>
internal static class QueueScripts
{
    /// <summary>KEYS: waiting, after, ticket. ARGV: run, milliseconds before which nobody takes it up, 1 when one that is there already
    /// goes to the end.</summary>
    public const string Enqueue = RedisLease.Clock + """
        if ARGV[3] == '1' or not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
            redis.call('ZADD', KEYS[1], redis.call('INCR', KEYS[3]), ARGV[1])
        end
        if tonumber(ARGV[2]) > 0 then redis.call('HSET', KEYS[2], ARGV[1], now + ARGV[2]) else redis.call('HDEL', KEYS[2], ARGV[1]) end
        return 1
        """;

    /// <summary>KEYS: waiting, after, cancel, lease. ARGV: run, owner. Nothing is left of the run unless another has its lease.</summary>
    public const string Finish = RedisLease.Clock + """
        local owner = redis.call('HGET', KEYS[4], 'owner')
        if owner and owner ~= ARGV[2] and tonumber(redis.call('HGET', KEYS[4], 'until') or 0) > now then return 0 end
        redis.call('ZREM', KEYS[1], ARGV[1])
        redis.call('HDEL', KEYS[2], ARGV[1])
        redis.call('SREM', KEYS[3], ARGV[1])
        redis.call('UNLINK', KEYS[4])
        return 1
        """;

    /// <summary>KEYS: waiting, cancel. ARGV: run. A reply of 0: it is not in the queue.</summary>
    public const string Cancel = """
        if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
        redis.call('SADD', KEYS[2], ARGV[1])
        return 1
        """;

    /// <summary>KEYS: waiting, after, cancel, learners. ARGV: what keys of leases begin with, learner, what it says, milliseconds until it
    /// is forgotten. Replies what all learners say, and of each run who trains it, whether it is to be cancelled, whether it must
    /// wait.</summary>
    public const string Beat = RedisLease.Clock + """
        redis.call('HSET', KEYS[4], ARGV[2], (now + ARGV[4]) .. '|' .. ARGV[3])
        local learners, runs = {}, {}
        local all = redis.call('HGETALL', KEYS[4])
        for i = 1, #all, 2 do
            local ends, says = string.match(all[i + 1], '^(%d+)|(.*)$')
            if tonumber(ends or 0) < now then
                redis.call('HDEL', KEYS[4], all[i])
            else
                learners[#learners + 1] = all[i]
                learners[#learners + 1] = says
            end
        end
        for _, run in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
            local owner = redis.call('HGET', ARGV[1] .. run, 'owner')
            local isHeld = owner and tonumber(redis.call('HGET', ARGV[1] .. run, 'until') or 0) > now
            runs[#runs + 1] = run
            runs[#runs + 1] = isHeld and owner or ''
            runs[#runs + 1] = redis.call('SISMEMBER', KEYS[3], run)
            runs[#runs + 1] = tonumber(redis.call('HGET', KEYS[2], run) or 0) > now and 1 or 0
        end
        return {learners, runs}
        """;

    private const string Prefix = "rapid:queue:v1:{queue}:";

    /// <summary>What keys of leases begin with.</summary>
    public const string Leases = Prefix + "lease:";

    /// <summary>What the queue needs Redis for.</summary>
    public static RedisUse Use { get; } = new(
        "the learner",
        "~rapid:* +echo +ping +time +eval +hget +hset +hdel +hgetall +zadd +zrange +zrem +zscore +incr +sadd +srem +sismember +unlink");

    /// <summary>What learners say of themselves.</summary>
    public static RedisKey Learners { get; } = Prefix + "learners";

    /// <summary>Keys of <see cref="Enqueue"/>.</summary>
    public static RedisKey[] KeysOfEnqueue { get; } = [Prefix + "waiting", Prefix + "after", Prefix + "ticket"];

    /// <summary>Keys of <see cref="Cancel"/>.</summary>
    public static RedisKey[] KeysOfCancel { get; } = [Prefix + "waiting", Prefix + "cancel"];

    /// <summary>Keys of <see cref="Beat"/>.</summary>
    public static RedisKey[] KeysOfBeat { get; } = [Prefix + "waiting", Prefix + "after", Prefix + "cancel", Learners];

    /// <summary>Who trains a run.</summary>
    public static RedisKey LeaseOf(string run) => Leases + run;

    /// <summary>Keys of <see cref="Finish"/>.</summary>
    public static RedisKey[] KeysOf(string run) => [Prefix + "waiting", Prefix + "after", Prefix + "cancel", LeaseOf(run)];
}
