using Rapid.Replay.Selection;

[assembly: Selector<UniformSelector>("uniform")]

namespace Rapid.Replay.Selection;

/// <summary>Every item with equal probability, with replacement.</summary>
internal sealed class UniformSelector(SelectorContext context) : Selector(context)
{
    protected override Draw Draw(int position) => DrawUniformly();
}
