using Grpc.Core;
using Rapid.Hosting;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tables;

/// <summary>What a table may be.</summary>
internal static class TableRules
{
    private const int LongestName = 512, MostSteps = 10_000;
    private const ulong DefaultCacheBytes = 256 << 20;

    /// <summary>The definition with every default in place.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT: what is wrong and what is allowed.</exception>
    public static TableDefinition Check(TableDefinition? definition)
    {
        (string Field, string Description)? problem = definition switch
        {
            null => ("definition", "the request has none"),
            { Name.Length: 0 or > LongestName } => ("definition.name", $"must have 1 to {LongestName} characters"),
            // Braces delimit what Redis Cluster hashes of a key.
            { Name: var name } when name.AsSpan().IndexOfAny('{', '}') >= 0 => ("definition.name", $"'{name}' must have no braces"),
            { Kind: not (TableKind.Queue or TableKind.Uniform or TableKind.Prioritised or TableKind.Newest) } =>
                ("definition.kind", $"{definition.Kind} is not a kind of table; known: QUEUE, UNIFORM, PRIORITISED, NEWEST"),
            { Store: not (StoreKind.Memory or StoreKind.Redis or StoreKind.Fsync) } =>
                ("definition.store", $"{definition.Store} is not a store; known: MEMORY, REDIS, FSYNC"),
            { CapacitySteps: 0 or > long.MaxValue } =>
                ("definition.capacity_steps", $"{definition.CapacitySteps} is out of range, allowed: >= 1"),
            { Block: { } block } when BlockSignatures.Problem(block) is var (field, description) =>
                ($"definition.block.{field}", description),
            { Kind: TableKind.Queue } => QueueProblem(definition),
            _ => RingProblem(definition),
        };
        return problem is null ? Complete(definition!) : throw FieldErrors.InvalidArgument(problem.Value.Field, problem.Value.Description);
    }

    /// <summary>Whether a definition is that of an existing table, which its owner may give other limits.</summary>
    public static bool IsSame(TableDefinition existing, TableDefinition definition)
    {
        var same = new TableDefinition(definition) { Epoch = existing.Epoch };
        if (definition.Epoch != 0)
        {
            (same.CapacitySteps, same.MinimumSteps) = (existing.CapacitySteps, existing.MinimumSteps);
        }

        return existing.Equals(same);
    }

    /// <summary>The service must be able to hold the table at all.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED.</exception>
    public static void CheckMemory(TableDefinition definition, MemoryBudget memory)
    {
        // A step has a byte at the least; the first block says how many it really has.
        var (field, bytes) = definition.Kind == TableKind.Queue ? ("", 0)
            : definition.Store == StoreKind.Memory ? ("capacity_steps", definition.CapacitySteps)
            : ("cache_bytes", definition.CacheBytes);
        if (bytes > (ulong)memory.Limit)
        {
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted,
                $"definition.{field}: {bytes} does not fit: the replay service may hold {memory.Limit} bytes of blocks "
                    + "(RAPID_REPLAY_MEMORY)"));
        }
    }

    private static (string Field, string Description)? QueueProblem(TableDefinition definition) => definition switch
    {
        { Items: not (ItemKind.Unspecified or ItemKind.Block) } =>
            ("definition.items", $"{definition.Items} is not allowed; a QUEUE gives blocks"),
        { MinimumSteps: > 0 } => ("definition.minimum_steps", "a QUEUE has none"),
        { RateLimiter: not null } => ("definition.rate_limiter", "a QUEUE has none, it gives each block once"),
        { Eviction: not Eviction.Unspecified } => ("definition.eviction", "a QUEUE makes appends wait instead of evicting"),
        { NSteps: > 0 } => ("definition.n_steps", "a QUEUE gives blocks"),
        { PriorityExponent: not 0 } => ("definition.priority_exponent", "only PRIORITISED tables have one"),
        { CacheBytes: > 0 } => ("definition.cache_bytes", "a QUEUE has none"),
        _ => null,
    };

    private static (string Field, string Description)? RingProblem(TableDefinition definition) => definition switch
    {
        { Items: < ItemKind.Unspecified or > ItemKind.Transition } =>
            ("definition.items", $"{definition.Items} is not a kind of item; known: BLOCK, SEQUENCE, TRANSITION"),
        { MinimumSteps: var minimum } when minimum > definition.CapacitySteps =>
            ("definition.minimum_steps", $"{minimum} is more than capacity_steps {definition.CapacitySteps}: sampling would never begin"),
        { RateLimiter: { } limiter } when !(double.IsFinite(limiter.SamplesPerInsert) && limiter.SamplesPerInsert > 0) =>
            ("definition.rate_limiter.samples_per_insert", $"{limiter.SamplesPerInsert} is out of range, allowed: > 0"),
        { RateLimiter: { } limiter } when !(double.IsFinite(limiter.ErrorBuffer)
            && limiter.ErrorBuffer >= Math.Max(1, limiter.SamplesPerInsert)) =>
            ("definition.rate_limiter.error_buffer", $"{limiter.ErrorBuffer} is out of range, allowed: >= "
                + $"{Math.Max(1, limiter.SamplesPerInsert)}"),
        { NSteps: > MostSteps } => ("definition.n_steps", $"{definition.NSteps} is out of range, allowed: 0 to {MostSteps}"),
        { NSteps: > 1, Items: not (ItemKind.Unspecified or ItemKind.Transition) } =>
            ("definition.n_steps", "only TRANSITION items have several steps"),
        { Gamma: not (>= 0 and <= 1) } => ("definition.gamma", $"{definition.Gamma} is out of range, allowed: 0 to 1"),
        { PriorityExponent: not 0, Kind: not TableKind.Prioritised } =>
            ("definition.priority_exponent", "only PRIORITISED tables have one"),
        { PriorityExponent: not (>= 0 and <= 100) } =>
            ("definition.priority_exponent", $"{definition.PriorityExponent} is out of range, allowed: 0 to 100"),
        { Eviction: < Eviction.Unspecified or > Eviction.LowestPriority } =>
            ("definition.eviction", $"{definition.Eviction} is not a way of evicting; known: OLDEST, LOWEST_PRIORITY"),
        { Eviction: Eviction.LowestPriority, Kind: not TableKind.Prioritised } =>
            ("definition.eviction", "only PRIORITISED tables can evict by LOWEST_PRIORITY"),
        { CacheBytes: > 0, Store: StoreKind.Memory } => ("definition.cache_bytes", "a MEMORY table is in memory as a whole; leave it out"),
        { CacheBytes: > long.MaxValue } =>
            ("definition.cache_bytes", $"{definition.CacheBytes} is out of range, allowed: 0 to {long.MaxValue}"),
        _ => null,
    };

    private static TableDefinition Complete(TableDefinition definition)
    {
        var complete = definition.Clone();
        if (definition.Kind != TableKind.Queue)
        {
            complete.Items = definition.Items == ItemKind.Unspecified ? ItemKind.Transition : definition.Items;
            complete.Eviction = definition.Eviction == Eviction.Unspecified ? Eviction.Oldest : definition.Eviction;
            complete.CacheBytes = definition.Store != StoreKind.Memory && definition.CacheBytes == 0 ? DefaultCacheBytes
                : definition.CacheBytes;
        }

        return complete;
    }
}
