using Rapid.Replay.Selection;
using SampleSelector;

[assembly: Selector<WildSelector>("wild")]
[assembly: Selector<WildSelector>("uniform")]
[assembly: Selector<WildSelector>("two words")]
[assembly: Selector<WildSelector>("indebted", BytesPerSlot = -1)]
[assembly: Selector<LonelySelector>("lonely")]

namespace SampleSelector;

/// <summary>Draws what no table holds.</summary>
public sealed class WildSelector(SelectorContext context) : Selector(context)
{
    protected override Draw Draw(int position) => new(Context.Slots, 0, 1);
}

/// <summary>Cannot be made by a table.</summary>
public sealed class LonelySelector() : Selector(new SelectorContext("", 1, 1, 0, new Rapid.Core.RandomStream(0)))
{
    protected override Draw Draw(int position) => DrawUniformly();
}
