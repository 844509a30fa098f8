using Rapid.Replay.Selection;

[assembly: Selector<NewestSelector>("newest", BytesPerSlot = SlotsByAge.BytesPerSlot)]

namespace Rapid.Replay.Selection;

/// <summary>
/// The newest items, newest first: within a block the last one first. A batch that is larger than the table begins again.
/// </summary>
internal sealed class NewestSelector(SelectorContext context) : Selector(context)
{
    private readonly SlotsByAge _slots = new(context.Slots);
    private int _slot = SlotsByAge.None, _index;

    protected override void OnAdded(int slot) => _slots.Add(slot);

    protected override void OnRemoved(int slot)
    {
        _slots.Remove(slot);
        _slot = SlotsByAge.None;
    }

    protected override Draw Draw(int position)
    {
        if (position == 0 || _slot == SlotsByAge.None)
        {
            (_slot, _index) = (_slots.Newest, Context.ItemsPerSlot);
        }
        else if (_index == 0)
        {
            var older = _slots.OlderThan(_slot);
            (_slot, _index) = (older == SlotsByAge.None ? _slots.Newest : older, Context.ItemsPerSlot);
        }

        return new Draw(_slot, --_index, 1.0 / ((double)HeldSlots * Context.ItemsPerSlot));
    }
}
