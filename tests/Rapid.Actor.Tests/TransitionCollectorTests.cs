using Rapid.Agents.Sac;
using Rapid.Agents.Td3;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

public sealed class TransitionCollectorTests
{
    private const int Steps = 7, Count = 3, Length = 3, Size = ScriptedEnvironment.ObservationSize;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_block_has_what_replay_needs_and_nothing_else(bool discrete)
    {
        var options = OffPolicy();
        using var collector = new TransitionCollector(options, 0, ScriptedEnvironment.Vector(Length, discrete));

        var block = collector.Collect(Snapshot(Layout(options, discrete), options.Network, 4), default)!;

        Assert.Equal(
            [
                ("observations", "8,3,4"), ("actions", discrete ? "7,3" : "7,3,2"), ("rewards", "7,3"), ("terminated", "7,3"),
                ("truncated", "7,3"), ("final_observations", "1,4"),
            ],
            block.Columns.Select(column => (column.Name, string.Join(',', column.Tensor.Shape))));
        Assert.Equal((7u, 3u, 4L), (block.Steps, block.Environments, block.PolicyVersion));
    }

    [Fact]
    public void Observations_stay_raw_whatever_the_policy_sees()
    {
        var options = OffPolicy(normalize: true);
        using var collector = new TransitionCollector(options, 0, ScriptedEnvironment.Vector(Length));
        var snapshot = Snapshot(Layout(options), options.Network, 1);
        snapshot.ObservationNormalizer = new NormalizerState { Count = 9, Mean = { 3, 3, 3, 3 }, Variance = { 4, 4, 4, 4 } };

        var block = collector.Collect(snapshot, default)!;

        var observations = block.Floats(TrajectoryColumns.Observations, Steps + 1, Count, Size);
        // Environment 1 is cut after its fourth step and begins its second episode.
        Assert.Equal([1f, 1, 0], observations.Slice(Size, 3).ToArray());
        Assert.Equal([1f, 2, 0], observations.Slice((4 * Count + 1) * Size, 3).ToArray());
        Assert.Equal([1f, 1, 4], block.Floats(TrajectoryColumns.FinalObservations, 1, Size)[..3].ToArray());
    }

    [Fact]
    public void The_environment_gets_the_action_that_is_stored_within_its_box()
    {
        var options = OffPolicy();
        using var collector = new TransitionCollector(options, 0, ScriptedEnvironment.Vector(length: 100));

        var block = collector.Collect(Snapshot(Layout(options), options.Network, 1), default)!;

        var actions = block.Floats(TrajectoryColumns.Actions, Steps, Count, 2).ToArray();
        var observations = block.Floats(TrajectoryColumns.Observations, Steps + 1, Count, Size);
        Assert.All(actions, action => Assert.InRange(action, -1, 1));
        for (var i = 0; i < Steps * Count; i++)
        {
            Assert.Equal(actions[2 * i], observations[(i + Count) * Size + 3]);
        }
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.1, 0.1, 0)]
    [InlineData(5, 0.95, 0.84)] // nearly all of it is clipped
    public void A_deterministic_policy_explores_with_normal_noise_within_the_box(double noise, double deviation, double atAnEdge)
    {
        var options = OffPolicy(steps: 1000);
        options = options with { Algorithm = new Td3Options { RolloutSteps = 1000, ExplorationNoise = noise } };
        using var collector = new TransitionCollector(options, 0, ScriptedEnvironment.Vector(length: 5000));
        var layout = Layout(options);
        var snapshot = Snapshot(layout, options.Network, 1);
        snapshot.Parameters = TensorCodec.ToByteString<float>(new float[layout.Length]);

        var actions = collector.Collect(snapshot, default)!.Floats(TrajectoryColumns.Actions, 1000, Count, 2).ToArray();

        Assert.All(actions, action => Assert.InRange(action, -1, 1));
        Assert.Equal(0, actions.Average(), 0.05);
        Assert.Equal(deviation, Math.Sqrt(actions.Average(action => (double)action * action)), 0.05 * Math.Max(deviation, 0.1));
        Assert.Equal(atAnEdge, actions.Count(action => Math.Abs(action) == 1) / (double)actions.Length, 0.05);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Warm_up_actions_are_uniform_and_ignore_the_weights(bool discrete)
    {
        var options = OffPolicy(steps: 1000);
        float[] Collect(long version)
        {
            using var collector = new TransitionCollector(options, 0, ScriptedEnvironment.Vector(length: 5000, discrete));
            var snapshot = Snapshot(Layout(options, discrete), options.Network, version);
            snapshot.ExploreUniformly = true;
            var block = collector.Collect(snapshot, default)!;
            return discrete
                ? [.. block.Longs(TrajectoryColumns.Actions, 1000, Count).ToArray().Select(action => (float)action)]
                : block.Floats(TrajectoryColumns.Actions, 1000, Count, 2).ToArray();
        }

        var actions = Collect(1);

        Assert.Equal(actions, Collect(2));
        if (discrete)
        {
            Assert.All([0f, 1, 2], choice => Assert.InRange(actions.Count(action => action == choice), 900, 1100));
        }
        else
        {
            Assert.InRange(actions.Average(), -0.05, 0.05);
            Assert.InRange(actions.Average(action => action * action), 0.31, 0.36);
            Assert.InRange(actions.Max(Math.Abs), 0.99, 1);
        }
    }

    [Fact]
    public void A_broken_environment_costs_the_block_and_is_counted()
    {
        var options = OffPolicy();
        using var collector = new TransitionCollector(
            options, 0, ScriptedEnvironment.Vector(length: 100, faultyIndex: 1, faultAt: 3, fault: Fault.NaNReward));
        var snapshot = Snapshot(Layout(options), options.Network, 1);

        Assert.Null(collector.Collect(snapshot, default));
        Assert.Equal(1ul, collector.Collect(snapshot, default)!.BrokenEnvironments);
    }

    private static ExperimentOptions OffPolicy(bool normalize = false, int steps = Steps) =>
        Options(steps, Count, normalize: normalize) with { Algorithm = new SacOptions { RolloutSteps = steps } };
}
