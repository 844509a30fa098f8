using Rapid.Replay.Selection;

namespace Rapid.Replay.Removal;

/// <summary>The block that came first goes first.</summary>
internal sealed class OldestRemover(int slots) : Remover
{
    private readonly SlotsByAge _slots = new(slots);

    public override int Next => _slots.Oldest;

    public override bool IsByAge => true;

    public override void Add(int slot, ulong id) => _slots.Add(slot);

    public override void Remove(int slot) => _slots.Remove(slot);
}
