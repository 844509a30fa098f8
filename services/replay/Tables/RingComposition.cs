using Rapid.Protocol.V1;
using Rapid.Replay.Limits;
using Rapid.Replay.Selection;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <summary>
/// A ring: columns of blocks, items that a selector chooses, a remover that makes room, and a rate limiter between appends and draws.
/// </summary>
internal sealed class RingComposition(SelectorAttribute selector) : TableComposition
{
    private const int MostSteps = 10_000;
    private const ulong DefaultCacheBytes = 256 << 20;

    public override bool HasPriorities => selector.HasPriorities;

    public override (string Field, string Description)? Problem(TableDefinition definition) => definition switch
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
        { PriorityExponent: not 0 } when !HasPriorities =>
            ("definition.priority_exponent", "only PRIORITISED tables and selectors with priorities have one"),
        { PriorityExponent: not (>= 0 and <= 100) } =>
            ("definition.priority_exponent", $"{definition.PriorityExponent} is out of range, allowed: 0 to 100"),
        { Eviction: < Eviction.Unspecified or > Eviction.LowestPriority } =>
            ("definition.eviction", $"{definition.Eviction} is not a way of evicting; known: OLDEST, LOWEST_PRIORITY"),
        { Eviction: Eviction.LowestPriority } when !HasPriorities =>
            ("definition.eviction", "only PRIORITISED tables and selectors with priorities can evict by LOWEST_PRIORITY"),
        { CacheBytes: > 0, Store: StoreKind.Memory } => ("definition.cache_bytes", "a MEMORY table is in memory as a whole; leave it out"),
        { CacheBytes: > long.MaxValue } =>
            ("definition.cache_bytes", $"{definition.CacheBytes} is out of range, allowed: 0 to {long.MaxValue}"),
        _ => null,
    };

    public override void Complete(TableDefinition definition)
    {
        definition.Items = definition.Items == ItemKind.Unspecified ? ItemKind.Transition : definition.Items;
        definition.Eviction = definition.Eviction == Eviction.Unspecified ? Eviction.Oldest : definition.Eviction;
        definition.CacheBytes = definition.Store != StoreKind.Memory && definition.CacheBytes == 0 ? DefaultCacheBytes
            : definition.CacheBytes;
    }

    // A step has a byte at the least; the first block says how many it really has.
    public override (string Field, ulong Bytes) LeastMemory(TableDefinition definition) => definition.Store == StoreKind.Memory
        ? ("capacity_steps", definition.CapacitySteps)
        : ("cache_bytes", definition.CacheBytes);

    public override ReplayTable Make(
        TableDefinition definition, string incarnation, ITableStore store, MemoryBudget memory, int maximumBatchBytes)
    {
        var (ratio, buffer) = (definition.RateLimiter?.SamplesPerInsert ?? 0, definition.RateLimiter?.ErrorBuffer ?? 0);
        var limiter = new SampleToInsertRatio(ratio, (long)definition.MinimumSteps, buffer);
        return new RingTable(definition, selector, limiter, incarnation, store, memory, maximumBatchBytes);
    }
}
