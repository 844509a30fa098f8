using Rapid.Protocol.V1;
using Rapid.Replay.Selection;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <summary>
/// Of which parts a definition composes a table, as Reverb does (Cassirer et al. 2021, section 3): what stores blocks, a selector, a remover
/// and a limiter; and what the definition may say because of them.
/// </summary>
internal abstract class TableComposition
{
    /// <summary>Whether items have priorities.</summary>
    public virtual bool HasPriorities => false;

    /// <summary>That of a definition; null when its kind or its selector is not known.</summary>
    public static TableComposition? Find(TableDefinition definition)
    {
        // The other kinds are called as the selectors that they stand for.
        var name = definition.Kind == TableKind.Unspecified ? definition.Selector : definition.Kind.ToString().ToLowerInvariant();
        return definition.Kind == TableKind.Queue ? new QueueComposition()
            : SelectorRegistry.Find(name) is { } selector ? new RingComposition(selector)
            : null;
    }

    /// <summary>What is wrong with a definition besides what is wrong for any table, or null.</summary>
    public abstract (string Field, string Description)? Problem(TableDefinition definition);

    /// <summary>Puts defaults in place.</summary>
    public virtual void Complete(TableDefinition definition)
    {
    }

    /// <summary>What of a definition asks for memory, and for how much at least.</summary>
    public virtual (string Field, ulong Bytes) LeastMemory(TableDefinition definition) => ("", 0);

    /// <summary>Makes the table.</summary>
    public abstract ReplayTable Make(
        TableDefinition definition, string incarnation, ITableStore store, MemoryBudget memory, int maximumBatchBytes);
}
