using Rapid.Agents;
using Rapid.Agents.Sac;
using Rapid.Core;

namespace Rapid.Actor.Tests;

public sealed class ActionBoundsTests
{
    [Theory]
    [InlineData(10, 30, true)]
    [InlineData(-3, -1, true)]
    [InlineData(0, 1, true)]
    [InlineData(-0.4f, 0.4f, false)]
    [InlineData(-1, 3, false)]
    [InlineData(float.NegativeInfinity, float.PositiveInfinity, false)]
    public void A_box_that_a_normal_distribution_around_zero_misses_is_warned_about(float low, float high, bool isWarned)
    {
        var observations = BoxSpace.Unbounded(3);
        foreach (var actions in (Space[])[BoxSpace.Uniform(2, low, high), new DiscreteSpace(2)])
        {
            var layout = ExperimentPolicy.LayoutOf(Setups.Options(steps: 4, environments: 1), observations, actions);
            var warning = ActionBounds.Warning(layout, actions);
            Assert.Equal(isWarned && actions is BoxSpace, warning is not null);
            Assert.True(warning is null || warning.Contains(FormattableString.Invariant($"[{low}, {high}]"), StringComparison.Ordinal));
        }

        if (float.IsFinite(low))
        {
            var box = BoxSpace.Uniform(2, low, high);
            var options = Setups.Options(steps: 4, environments: 1) with { Algorithm = new SacOptions() };
            Assert.Null(ActionBounds.Warning(ExperimentPolicy.LayoutOf(options, observations, box), box));
        }
    }
}
