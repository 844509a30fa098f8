using Grpc.Core;
using Rapid.Hosting;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay.Selection;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <summary>What a table may be.</summary>
internal static class TableRules
{
    private const int LongestName = 512;

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
            { Kind: not TableKind.Unspecified, Selector.Length: > 0 } =>
                ("definition.selector", $"a table of kind {definition.Kind} has its own; leave one of the two out"),
            _ when TableComposition.Find(definition) is null => definition.Selector.Length > 0
                ? ("definition.selector", SelectorRegistry.Unknown(definition.Selector))
                : ("definition.kind", $"{definition.Kind} is not a kind of table; known: QUEUE, UNIFORM, PRIORITISED, NEWEST"),
            { Store: not (StoreKind.Memory or StoreKind.Redis or StoreKind.Fsync) } =>
                ("definition.store", $"{definition.Store} is not a store; known: MEMORY, REDIS, FSYNC"),
            { CapacitySteps: 0 or > long.MaxValue } =>
                ("definition.capacity_steps", $"{definition.CapacitySteps} is out of range, allowed: >= 1"),
            { Block: { } block } when BlockSignatures.Problem(block) is var (field, description) =>
                ($"definition.block.{field}", description),
            _ => TableComposition.Find(definition)!.Problem(definition),
        };
        if (problem is var (wrong, why))
        {
            throw FieldErrors.InvalidArgument(wrong, why);
        }

        var complete = definition!.Clone();
        TableComposition.Find(complete)!.Complete(complete);
        return complete;
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
        var (field, bytes) = TableComposition.Find(definition)!.LeastMemory(definition);
        if (bytes > (ulong)memory.Limit)
        {
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted,
                $"definition.{field}: {bytes} does not fit: the replay service may hold {memory.Limit} bytes of blocks "
                    + "(RAPID_REPLAY_MEMORY)"));
        }
    }
}
