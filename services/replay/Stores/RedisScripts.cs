namespace Rapid.Replay.Stores;

/// <summary>
/// What a <see cref="RedisStore"/> lets Redis do in one piece. Keys of all: about, blocks, sizes, producers, and what keys of priorities
/// begin with. The first of ARGV is the token of who writes. A reply of 0: the table has not this service's fence; a negative one: it has
/// that of a greater token.
/// </summary>
internal static class RedisScripts
{
    /// <summary>ARGV: definition, incarnation, epoch, layout. Whatever there was is gone.</summary>
    public const string Create = Reset + """
        redis.call(
            'HSET', KEYS[1], 'fence', ARGV[1], 'definition', ARGV[2], 'incarnation', ARGV[3], 'epoch', ARGV[4], 'layout', ARGV[5])
        return 1
        """;

    /// <summary>ARGV: definition, incarnation, epoch and layout of a table that is to be made again when it is lost, which is a reply of
    /// 2.</summary>
    public const string Claim = """
        local fence = redis.call('HGET', KEYS[1], 'fence')
        if tonumber(fence or 0) > tonumber(ARGV[1]) then return -fence end
        local isLost = not redis.call('HGET', KEYS[1], 'definition')
        if isLost then
            redis.call('HSET', KEYS[1], 'definition', ARGV[2], 'incarnation', ARGV[3], 'epoch', ARGV[4], 'layout', ARGV[5])
        end
        redis.call('HSET', KEYS[1], 'fence', ARGV[1])
        return isLost and 2 or 1
        """;

    /// <summary>ARGV: definition, epoch and layout of a table of an earlier layout.</summary>
    public const string Migrate = """
        local fence = redis.call('HGET', KEYS[1], 'fence')
        if tonumber(fence or 0) > tonumber(ARGV[1]) then return -fence end
        local kept = redis.call('HGET', KEYS[1], 'epoch') or ''
        local epoch = (#kept > #ARGV[3] or (#kept == #ARGV[3] and kept > ARGV[3])) and kept or ARGV[3]
        redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'definition', ARGV[2], 'epoch', epoch, 'layout', ARGV[4])
        return 1
        """;

    /// <summary>ARGV: id, block, size, producer, sequence, signature, newest, how many producers are forgotten, these, blocks that are
    /// removed. An error of the first write, such as that Redis is full, is told as Redis tells it; before that nothing has
    /// changed.</summary>
    public const string Append = Fence + RemoveBlock + """
        local stored = redis.pcall('HSET', KEYS[2], ARGV[2], ARGV[3])
        if type(stored) == 'table' then return stored end
        redis.call('HSET', KEYS[3], ARGV[2], ARGV[4])
        redis.call('HSET', KEYS[4], ARGV[5], ARGV[6])
        redis.call('HSET', KEYS[1], 'signature', ARGV[7], 'newest', ARGV[8])
        for i = 10, 9 + ARGV[9] do redis.call('HDEL', KEYS[4], ARGV[i]) end
        for i = 10 + ARGV[9], #ARGV do remove(ARGV[i]) end
        return 1
        """;

    /// <summary>ARGV: the epoch of an owner, in digits; Lua's numbers do not hold all of them.</summary>
    public const string SaveEpoch = Fence + """
        local kept = redis.call('HGET', KEYS[1], 'epoch') or ''
        if #kept > #ARGV[2] or (#kept == #ARGV[2] and kept >= ARGV[2]) then return 1 end
        local stored = redis.pcall('HSET', KEYS[1], 'epoch', ARGV[2])
        return type(stored) == 'table' and stored or 1
        """;

    /// <summary>ARGV: definition.</summary>
    public const string SaveDefinition = Fence + """
        local stored = redis.pcall('HSET', KEYS[1], 'definition', ARGV[2])
        return type(stored) == 'table' and stored or 1
        """;

    /// <summary>ARGV: blocks.</summary>
    public const string Remove = Fence + RemoveBlock + """
        for i = 2, #ARGV do remove(ARGV[i]) end
        return 1
        """;

    /// <summary>ARGV: the highest priority, then block, offset and bytes of each item.</summary>
    public const string Prioritise = Fence + """
        local stored = redis.pcall('HSET', KEYS[1], 'highest', ARGV[2])
        if type(stored) == 'table' then return stored end
        for i = 3, #ARGV, 3 do
            if redis.call('HGET', KEYS[3], ARGV[i]) then redis.call('SETRANGE', KEYS[5] .. ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
        end
        return 1
        """;

    /// <summary>No more of ARGV. Nothing of the table is left.</summary>
    public const string Drop = Reset + "return 1";

    private const string Fence = """
        local fence = redis.call('HGET', KEYS[1], 'fence')
        if fence ~= ARGV[1] then return 0 end

        """;

    // Keys may be of other types: the table may be one that could not be read.
    private const string Reset = """
        local fence = redis.pcall('HGET', KEYS[1], 'fence')
        if type(fence) == 'string' and tonumber(fence) > tonumber(ARGV[1]) then return -fence end
        local sizes = redis.pcall('HGETALL', KEYS[3])
        for i = 1, sizes.err and 0 or #sizes, 2 do redis.call('UNLINK', KEYS[5] .. sizes[i]) end
        redis.call('UNLINK', unpack(KEYS))

        """;

    private const string RemoveBlock = """
        local function remove(id)
            redis.call('HDEL', KEYS[2], id)
            redis.call('HDEL', KEYS[3], id)
            redis.call('UNLINK', KEYS[5] .. id)
        end

        """;
}
