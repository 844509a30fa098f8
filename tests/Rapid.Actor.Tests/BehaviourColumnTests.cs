using Rapid.Agents.A2c;
using Rapid.Agents.P3o;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

/// <summary>The behaviour's distribution in the blocks of an algorithm that asks for it.</summary>
public sealed class BehaviourColumnTests
{
    private const int Steps = 5, Count = 2, Length = 3;

    [Fact]
    public void Blocks_of_p3o_hold_the_log_probabilities_of_all_discrete_actions()
    {
        var block = Collect(new P3oOptions { RolloutSteps = Steps }, discrete: true, out var layout);
        var own = block.Floats(TrajectoryColumns.LogProbabilities, Steps, Count);
        var actions = block.Longs(TrajectoryColumns.Actions, Steps, Count);
        var all = block.Floats(TrajectoryColumns.BehaviourLogProbabilities, Steps, Count, layout.Outputs);
        for (var row = 0; row < Steps * Count; row++)
        {
            Assert.Equal(own[row], all[row * layout.Outputs + (int)actions[row]], 1e-6);
        }
    }

    [Fact]
    public void Blocks_of_p3o_hold_mean_and_log_std_that_explain_the_density_of_every_action()
    {
        var block = Collect(new P3oOptions { RolloutSteps = Steps }, discrete: false, out var layout);
        var own = block.Floats(TrajectoryColumns.LogProbabilities, Steps, Count);
        var actions = block.Floats(TrajectoryColumns.Actions, Steps, Count, layout.Outputs);
        var mean = block.Floats(TrajectoryColumns.BehaviourMean, Steps, Count, layout.Outputs);
        var logStd = block.Floats(TrajectoryColumns.BehaviourLogStd, Steps, Count, layout.Outputs);
        for (var row = 0; row < Steps * Count; row++)
        {
            var density = 0.0;
            for (var j = row * layout.Outputs; j < (row + 1) * layout.Outputs; j++)
            {
                Assert.Equal(-0.7, logStd[j], 1e-6);
                density -= 0.5 * Math.Pow((actions[j] - mean[j]) / Math.Exp(logStd[j]), 2) + logStd[j] + 0.5 * Math.Log(2 * Math.PI);
            }

            Assert.Equal(density, own[row], 1e-4);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Blocks_of_a2c_hold_no_distributions(bool discrete)
    {
        var block = Collect(new A2cOptions { RolloutSteps = Steps }, discrete, out _);
        Assert.DoesNotContain(block.Columns, column => column.Name.StartsWith("behaviour", StringComparison.Ordinal));
    }

    private static Trajectory Collect(AlgorithmOptions algorithm, bool discrete, out PolicyLayout layout)
    {
        var options = Options(Steps, Count) with { Algorithm = algorithm };
        options = options with { Network = options.Network with { InitialLogStd = -0.7 } };
        layout = Layout(options, discrete);
        using var collector = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(Length, discrete));
        return collector.Collect(Snapshot(layout, options.Network, 1), default)!;
    }
}
