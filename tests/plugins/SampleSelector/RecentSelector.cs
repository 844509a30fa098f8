using Rapid.Replay.Selection;
using SampleSelector;

[assembly: Selector<RecentSelector>("recent", BytesPerSlot = sizeof(int))]

namespace SampleSelector;

/// <summary>Any item of the newest quarter of the blocks.</summary>
public sealed class RecentSelector(SelectorContext context) : Selector(context)
{
    private readonly List<int> _byAge = new(context.Slots);

    protected override void OnAdded(int slot) => _byAge.Add(slot);

    protected override void OnRemoved(int slot) => _byAge.Remove(slot);

    protected override Draw Draw(int position)
    {
        var recent = (HeldSlots + 3) / 4;
        var slot = _byAge[^(1 + Context.Random.NextIndex(recent))];
        return new Draw(slot, Context.Random.NextIndex(Context.ItemsPerSlot), 1.0 / (recent * Context.ItemsPerSlot));
    }
}
