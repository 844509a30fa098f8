namespace Rapid.Replay.Selection;

/// <summary>A drawn item: <c>slot * items per block + index</c>, and how probable it was.</summary>
internal readonly record struct Draw(long Item, double Probability);

/// <summary>Chooses items among those of the slots that hold a block. Not thread-safe.</summary>
internal abstract class ItemSelector
{
    /// <summary>A block came into an empty slot.</summary>
    public abstract void Add(int slot);

    /// <summary>A slot was emptied.</summary>
    public abstract void Remove(int slot);

    /// <summary>Draws an item; there is at least one.</summary>
    /// <param name="position">Which one of its batch it will be.</param>
    public abstract Draw Draw(int position);
}
