using Rapid.Protocol.V1;
using Rapid.Replay.Selection;

namespace Rapid.Replay.Removal;

/// <summary>Knows which block of a full table gives way to a new one: a part of a table that is no queue. Not thread-safe.</summary>
internal abstract class Remover
{
    /// <summary>Bytes that any remover takes at most.</summary>
    public const int BytesPerSlot = 24;

    /// <summary>The slot whose block is the next to give way; there is one.</summary>
    public abstract int Next { get; }

    /// <summary>Whether blocks go in the order in which they came.</summary>
    public virtual bool IsByAge => false;

    /// <summary>The remover of a table.</summary>
    /// <param name="eviction">By which rule.</param>
    /// <param name="slots">How many blocks the table holds at most.</param>
    /// <param name="priorities">Of its items; null when they have none.</param>
    public static Remover Make(Eviction eviction, int slots, PrioritySelector? priorities) =>
        eviction == Eviction.LowestPriority ? new LowestPriorityRemover(slots, priorities!) : new OldestRemover(slots);

    /// <summary>A block came into an empty slot; its items have their priorities.</summary>
    /// <param name="slot">Which slot.</param>
    /// <param name="id">Of the block: the smaller, the older.</param>
    public abstract void Add(int slot, ulong id);

    /// <summary>A slot was emptied.</summary>
    public abstract void Remove(int slot);

    /// <summary>Items of a held slot have other priorities.</summary>
    public virtual void Update(int slot)
    {
    }
}
