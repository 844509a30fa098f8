using Rapid.Protocol.V1;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <summary>A queue: whole blocks, the oldest is drawn, what was acknowledged leaves, and appends wait for room.</summary>
internal sealed class QueueComposition : TableComposition
{
    public override (string Field, string Description)? Problem(TableDefinition definition) => definition switch
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

    public override ReplayTable Make(
        TableDefinition definition, string incarnation, ITableStore store, MemoryBudget memory, int maximumBatchBytes) =>
        new QueueTable(definition, incarnation, store, memory);
}
