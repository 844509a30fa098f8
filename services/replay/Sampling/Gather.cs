using Rapid.Protocol.V1;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Sampling;

/// <summary>Copies items out of blocks into the columns of one batch, which are used again for the next. Not thread-safe.</summary>
internal abstract class Gather
{
    /// <summary>The batch's columns, in the order in which they are sent.</summary>
    public abstract IReadOnlyList<BatchColumn> Columns { get; }

    /// <summary>Makes the gather for a table's kind of items.</summary>
    public static Gather Create(BlockLayout layout, TableDefinition definition, int count) => definition.Items == ItemKind.Transition
        ? new TransitionGather(layout, count, (int)definition.NSteps, definition.Gamma)
        : new SequenceGather(layout, count, definition.Items == ItemKind.Block ? layout.Environments : 1);

    /// <summary>Bytes of a batch; what is as long as the data wants it not counted.</summary>
    public static decimal BytesOf(BlockLayout layout, TableDefinition definition, int count)
    {
        var isTransition = definition.Items == ItemKind.Transition;
        decimal item = 0;
        foreach (var column in layout.Columns)
        {
            item += column.Span switch
            {
                ColumnSpan.Step => column.RowBytes * (isTransition ? 1m : layout.StepsOf(definition.Items)),
                ColumnSpan.Boundary when isTransition => column == layout.Observations ? 2m * column.RowBytes : 0,
                ColumnSpan.Boundary or ColumnSpan.History when !isTransition =>
                    (decimal)column.RowBytes * column.Shape[0] * layout.StepsOf(definition.Items) / layout.Steps,
                _ => 0,
            };
        }

        return item * count;
    }

    /// <summary>Begins another batch.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>Copies items into their positions.</summary>
    public abstract void Copy(ColumnRing ring, ReadOnlySpan<PlacedPick> picks);

    /// <summary>Every item has been copied.</summary>
    public virtual void End()
    {
    }
}
