using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Specs;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

/// <summary>What a block depends on, and what never gets into one.</summary>
public sealed class RolloutFaultTests
{
    [Theory]
    [InlineData(Fault.NaNObservation)]
    [InlineData(Fault.InfiniteObservation)]
    [InlineData(Fault.NaNReward)]
    [InlineData(Fault.InfiniteReward)]
    [InlineData(Fault.Breakdown)]
    public void A_broken_environment_costs_its_block_is_reset_and_counted_and_collecting_goes_on(Fault fault)
    {
        const int Steps = 6, Count = 3, Size = ScriptedEnvironment.ObservationSize;
        var options = Options(Steps, Count, normalize: true);
        var make = ScriptedEnvironment.Vector(length: 100, faultyIndex: 1, faultAt: 8, fault: fault);
        using var collector = new RolloutCollector(options, 0, make);
        var snapshot = Snapshot(Layout(options), options.Network, 1);
        snapshot.ObservationNormalizer = new NormalizerState { Count = 1e12, Mean = { new double[Size] }, Variance = { 1, 1, 400, 1 } };

        Assert.Equal(0ul, collector.Collect(snapshot, default)!.BrokenEnvironments);
        Assert.Null(collector.Collect(snapshot, default)); // breaks at its second step
        var breakdown = Assert.Single(collector.Breakdowns);
        Assert.Equal(1, breakdown.Environment);
        var reason = fault == Fault.Breakdown ? ScriptedEnvironment.Reason : "is not finite";
        Assert.Contains(reason, breakdown.Reason, StringComparison.Ordinal);
        var next = collector.Collect(snapshot, default)!;

        Assert.Equal(1ul, next.BrokenEnvironments);
        AssertFinite(next);

        // The broken one starts its second episode, the others go on after the two steps of the lost block.
        var first = next.Floats(TrajectoryColumns.Observations, Steps + 1, Count, Size)[..(Count * Size)];
        Assert.Equal([1f, 2f, 1f], [first[1], first[Size + 1], first[2 * Size + 1]]);
        Assert.Equal(8 / 20f, first[2], 1e-5f);
        Assert.Equal(0, first[Size + 2], 1e-5f);
        Assert.Equal(8 / 20f, first[2 * Size + 2], 1e-5f);
        var discounted = next.Floats(TrajectoryColumns.DiscountedReturns, Steps, Count);
        Assert.Equal(next.Floats(TrajectoryColumns.Rewards, Steps, Count)[..Count], discounted[..Count]);
        Assert.Equal(0ul, collector.Collect(snapshot, default)!.BrokenEnvironments);
    }

    [Fact]
    public void Several_lost_blocks_are_counted_together()
    {
        var options = Options(steps: 4, environments: 2);
        var made = 0;
        using var collector = new RolloutCollector(
            options, 0, () => new ScriptedEnvironment(made, length: 100, faultAt: made++ == 0 ? 2 : 7, fault: Fault.Breakdown));
        var snapshot = Snapshot(Layout(options), options.Network, 1);

        var blocks = Enumerable.Range(0, 4).Select(_ => collector.Collect(snapshot, default)).ToArray();

        Assert.Equal([null, 1ul, null, 1ul], blocks.Select(block => block?.BrokenEnvironments));
    }

    [Fact]
    public void A_snapshot_for_another_network_is_refused_and_the_next_good_one_goes_on()
    {
        var options = Options(steps: 4, environments: 2);
        using var collector = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(length: 100));
        var good = Snapshot(Layout(options), options.Network, 1);
        var foreign = Snapshot(Layout(options, discrete: true), options.Network, 2);
        var truncated = good.Clone();
        truncated.Parameters = Google.Protobuf.ByteString.CopyFrom(good.Parameters.Span[1..]);

        var first = Assert.Throws<InvalidDataException>(() => collector.Collect(foreign, default));
        var second = Assert.Throws<InvalidDataException>(() => collector.Collect(truncated, default));
        Assert.Contains("version 2", first.Message, StringComparison.Ordinal);
        Assert.Contains("bytes", second.Message, StringComparison.Ordinal);

        Assert.Equal(1, collector.Collect(good, default)!.PolicyVersion);
    }

    [Fact]
    public void Collecting_stops_when_it_is_cancelled()
    {
        var options = Options(steps: 4, environments: 2);
        using var collector = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(length: 100));
        var snapshot = Snapshot(Layout(options), options.Network, 1);

        Assert.Throws<OperationCanceledException>(() => collector.Collect(snapshot, new CancellationToken(canceled: true)));
        Assert.NotNull(collector.Collect(snapshot, default));
    }

    [Theory]
    [InlineData("Pendulum-v1")]
    [InlineData("CartPole-v1")]
    [InlineData("HalfCheetah-v4")]
    public void Blocks_do_not_depend_on_the_number_of_threads(string environment)
    {
        var expected = Collect(environment, "actors: { environments: 5, threads: 1 }", slot: 0);
        foreach (var threads in new[] { 2, 3, 5, 8 })
        {
            Assert.Equal(expected, Collect(environment, $"actors: {{ environments: 5, threads: {threads} }}", slot: 0));
        }
    }

    [Theory]
    [InlineData("Pendulum-v1")]
    [InlineData("CartPole-v1")]
    public void A_seed_and_a_slot_repeat_their_blocks_and_others_differ(string environment)
    {
        const string Actors = "actors: { environments: 2 }";
        var blocks = Collect(environment, Actors, slot: 0);

        Assert.Equal(blocks, Collect(environment, Actors, slot: 0));
        Assert.NotEqual(blocks[0], Collect(environment, Actors, slot: 1)[0]);
        Assert.NotEqual(blocks[0], Collect(environment, Actors + ", seed: 2", slot: 0)[0]);
        Assert.NotEqual(blocks[0], blocks[1]);
    }

    [Fact]
    public void Environments_of_one_slot_start_and_act_differently()
    {
        var options = SpecReader.ReadYaml(
            "{ environment: { name: Pendulum-v1 }, actors: { environments: 2 }, algorithm: { rollout_steps: 4, minibatches: 1 } }");
        using var collector = new RolloutCollector(options, 0);
        var block = collector.Collect(Snapshot(RegisteredLayout(options), options.Network, 1), default)!;

        var observations = block.Floats(TrajectoryColumns.Observations, 5, 2, 3);
        Assert.NotEqual(observations[..3].ToArray(), observations[3..6].ToArray());
        var actions = block.Floats(TrajectoryColumns.Actions, 4, 2, 1).ToArray();
        Assert.Equal(actions.Length, actions.Distinct().Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_is_allocated_per_step(bool discrete)
    {
        // A block is its columns, copied once, and some objects whose number does not depend on its length.
        Assert.Equal(Overhead(steps: 16, discrete), Overhead(steps: 4096, discrete), 1024.0);
    }

    private static double Overhead(int steps, bool discrete)
    {
        var options = Options(steps, environments: 2, normalize: true);
        using var collector = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(length: int.MaxValue - 1, discrete));
        var snapshot = Snapshot(Layout(options, discrete), options.Network, 1);
        snapshot.ObservationNormalizer = FreshNormalizer(ScriptedEnvironment.ObservationSize);
        for (var warm = 0; warm < 3; warm++)
        {
            collector.Collect(snapshot, default);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var block = collector.Collect(snapshot, default)!;
        return GC.GetAllocatedBytesForCurrentThread() - before - block.Columns.Sum(column => column.Tensor.Data.Length);
    }

    private static byte[][] Collect(string environment, string more, uint slot)
    {
        var task = $"environment: {{ name: {environment}, max_episode_steps: 9 }}";
        var options = SpecReader.ReadYaml(
            $"{{ {task}, network: {{ policy_gain: 1 }}, algorithm: {{ rollout_steps: 32, minibatches: 1 }}, {more} }}");
        using var collector = new RolloutCollector(options, slot);
        var layout = RegisteredLayout(options);
        var snapshots = Enumerable.Range(1, 3).Select(version => Snapshot(layout, options.Network, version));
        return [.. snapshots.Select(snapshot => Bytes(collector.Collect(snapshot, default)!))];
    }

    private static void AssertFinite(Trajectory block)
    {
        foreach (var column in block.Columns)
        {
            int[] shape = [.. column.Tensor.Shape.Select(size => (int)size)];
            switch (column.Tensor.Type)
            {
                case DataType.Float32:
                    Assert.All(block.Floats(column.Name, shape).ToArray(), x => Assert.True(float.IsFinite(x)));
                    break;
                case DataType.Float64:
                    Assert.All(block.Doubles(column.Name, shape).ToArray(), x => Assert.True(double.IsFinite(x)));
                    break;
            }
        }
    }
}
