using Rapid.Replay.Selection;
using SampleSelector;

[assembly: Selector<MixedSelector>("mixed")]

namespace SampleSelector;

/// <summary>By priority, but one draw in ten is of any item, so that none is forgotten.</summary>
public sealed class MixedSelector(SelectorContext context) : PrioritySelector(context)
{
    private const double Any = 0.1;

    protected override Draw Draw(int position)
    {
        var drawn = Context.Random.NextDouble() < Any ? DrawUniformly() : base.Draw(position);
        var uniform = 1 / ((double)HeldSlots * Context.ItemsPerSlot);
        var weighted = TotalWeight > 0 ? WeightOf(drawn.Slot, drawn.Index) / TotalWeight : uniform;
        return drawn with { Probability = Any * uniform + (1 - Any) * weighted };
    }
}
