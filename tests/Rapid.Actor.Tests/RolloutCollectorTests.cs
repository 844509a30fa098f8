using Rapid.Core;
using Rapid.Policies.Tests;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

/// <summary>What is in a block.</summary>
public sealed class RolloutCollectorTests
{
    private const int Steps = 7, Count = 3, Length = 3, Size = ScriptedEnvironment.ObservationSize;

    [Fact]
    public void A_continuous_normalised_block_has_every_column_and_says_who_acted()
    {
        var options = Options(Steps, Count, normalize: true);
        var block = Collect(options, blocks: 1)[0];

        Assert.Equal(
            [
                ("observations", DataType.Float32, "8,3,4"),
                ("observation_moments", DataType.Float64, "2,4"),
                ("observation_count", DataType.Float64, "1"),
                ("actions", DataType.Float32, "7,3,2"),
                ("rewards", DataType.Float32, "7,3"),
                ("terminated", DataType.Uint8, "7,3"),
                ("truncated", DataType.Uint8, "7,3"),
                ("final_observations", DataType.Float32, "1,4"),
                ("log_probabilities", DataType.Float32, "7,3"),
                ("values", DataType.Float32, "8,3"),
                ("discounted_returns", DataType.Float32, "7,3"),
            ],
            block.Columns.Select(column => (column.Name, column.Tensor.Type, string.Join(',', column.Tensor.Shape))));
        Assert.All(block.Columns, column => Assert.Null(TensorCodec.Problem(column.Tensor)));
        Assert.Equal((7u, 3u, 1L, 0ul), (block.Steps, block.Environments, block.PolicyVersion, block.BrokenEnvironments));
    }

    [Fact]
    public void A_discrete_block_has_indices_and_no_statistics()
    {
        var block = Collect(Options(Steps, Count), blocks: 1, discrete: true)[0];

        Assert.Equal(
            ["observations", "actions", "rewards", "terminated", "truncated", "final_observations", "log_probabilities", "values"],
            block.Columns.Select(column => column.Name));
        var actions = block.Longs(TrajectoryColumns.Actions, Steps, Count).ToArray();
        Assert.All(actions, action => Assert.InRange(action, 0, 2));
        Assert.True(actions.Distinct().Count() > 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Blocks_hold_what_the_environments_did_one_after_the_other(bool discrete)
    {
        var environments = Enumerable.Range(0, Count).Select(i => new ScriptedEnvironment(i, Length, discrete)).ToArray();
        var current = new float[Count * Size];
        for (var i = 0; i < Count; i++)
        {
            environments[i].Reset(new RandomStream(0), current.AsSpan(i * Size, Size));
        }

        foreach (var block in Collect(Options(Steps, Count), blocks: 3, discrete))
        {
            var finals = new List<float>();
            for (var t = 0; t < Steps; t++)
            {
                Assert.Equal(current, Observations(block, t));
                for (var i = 0; i < Count; i++)
                {
                    var observation = current.AsSpan(i * Size, Size);
                    var result = environments[i].Step(ActionAsTaken(block, t, i, discrete), observation);
                    Assert.Equal((float)result.Reward, block.Floats(TrajectoryColumns.Rewards, Steps, Count)[t * Count + i]);
                    Assert.Equal(result.Terminated ? 1 : 0, block.Bytes(TrajectoryColumns.Terminated, Steps, Count)[t * Count + i]);
                    Assert.Equal(result.Truncated ? 1 : 0, block.Bytes(TrajectoryColumns.Truncated, Steps, Count)[t * Count + i]);
                    if (result.Truncated)
                    {
                        finals.AddRange(observation);
                    }

                    if (result.Truncated || result.Terminated)
                    {
                        environments[i].Reset(new RandomStream(0), observation);
                    }
                }
            }

            Assert.Equal(current, Observations(block, Steps));
            Assert.NotEmpty(finals);
            Assert.Equal(finals, block.Floats(TrajectoryColumns.FinalObservations, finals.Count / Size, Size).ToArray());
        }
    }

    [Fact]
    public void A_death_is_never_a_truncation_and_has_no_final_observation()
    {
        var block = Collect(Options(Steps, 1), blocks: 1)[0];

        Assert.Equal([0, 0, 1, 0, 0, 1, 0], block.Bytes(TrajectoryColumns.Terminated, Steps, 1).ToArray());
        Assert.Equal(new byte[Steps], block.Bytes(TrajectoryColumns.Truncated, Steps, 1).ToArray());
        Assert.True(block.Floats(TrajectoryColumns.FinalObservations, 0, Size).IsEmpty);
        Assert.Equal([0f, 1, 2, 0, 1, 2, 0, 1], Enumerable.Range(0, Steps + 1).Select(t => Observations(block, t)[2]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Log_probabilities_and_values_are_those_of_the_snapshot_that_acted(bool discrete)
    {
        var options = Options(Steps, Count);
        var layout = Layout(options, discrete);
        using var collector = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(Length, discrete));
        for (var version = 1; version <= 3; version++)
        {
            var snapshot = Snapshot(layout, options.Network, version);
            var block = collector.Collect(snapshot, default)!;
            var reference = new ReferenceForward(layout, Parameters(snapshot));
            Assert.Equal(version, block.PolicyVersion);
            for (var t = 0; t <= Steps; t++)
            {
                for (var i = 0; i < Count; i++)
                {
                    var observation = Observations(block, t).AsSpan(i * Size, Size);
                    var value = block.Floats(TrajectoryColumns.Values, Steps + 1, Count)[t * Count + i];
                    Assert.Equal(reference.Value(observation), value, 1e-5);
                    if (t < Steps)
                    {
                        var logProbability = block.Floats(TrajectoryColumns.LogProbabilities, Steps, Count)[t * Count + i];
                        Assert.Equal(reference.LogProbability(observation, ActionAsSampled(block, t, i, discrete)), logProbability, 1e-4);
                    }
                }
            }
        }
    }

    [Fact]
    public void Sampled_actions_stay_unclipped_in_the_block()
    {
        var block = Collect(Options(200, Count), blocks: 1)[0];

        Assert.Contains(block.Floats(TrajectoryColumns.Actions, 200, Count, 2).ToArray(), action => Math.Abs(action) > 1);
        Assert.All(Enumerable.Range(1, 200), t => Assert.InRange(Observations(block, t)[3], -1, 1));
    }

    [Fact]
    public void Discounted_returns_run_through_blocks_and_start_again_with_every_episode()
    {
        var running = new double[Count];
        foreach (var block in Collect(Options(Steps, Count, normalize: true), blocks: 3))
        {
            for (var k = 0; k < Steps * Count; k++)
            {
                running[k % Count] = 0.9 * running[k % Count] + block.Floats(TrajectoryColumns.Rewards, Steps, Count)[k];
                Assert.Equal(running[k % Count], block.Floats(TrajectoryColumns.DiscountedReturns, Steps, Count)[k], 1e-4);
                var died = block.Bytes(TrajectoryColumns.Terminated, Steps, Count)[k] != 0;
                if (died || block.Bytes(TrajectoryColumns.Truncated, Steps, Count)[k] != 0)
                {
                    running[k % Count] = 0;
                }
            }
        }
    }

    [Fact]
    public void Episodes_are_told_with_raw_return_length_and_end_also_across_blocks()
    {
        var episodes = Collect(Options(Steps, 2), blocks: 2).Select(block => block.Episodes.ToArray()).ToArray();

        // Environment 0 dies every 3 steps, with 1.25 + 1.5 + 1.75; environment 1 is cut every 4, with 11.25 + 11.5 + 11.75 + 12.
        Episode Death(uint step) => new() { Step = step, Environment = 0, Return = 4.5, Length = 3 };
        Episode Cut(uint step) => new() { Step = step, Environment = 1, Return = 46.5, Length = 4, Truncated = true };
        Assert.Equal([Death(2), Cut(3), Death(5)], episodes[0]);
        Assert.Equal([Cut(0), Death(1), Death(4), Cut(4)], episodes[1]);
    }

    [Fact]
    public void Normalised_observations_follow_the_statistics_of_all_that_was_seen()
    {
        var options = Options(Steps, Count, normalize: true);
        var layout = Layout(options);
        var raw = Collect(Options(Steps, Count), blocks: 2);
        using var collector = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(Length));
        var statistics = FreshNormalizer(Size);
        for (var b = 0; b < raw.Length; b++)
        {
            var snapshot = Snapshot(layout, options.Network, 1);
            snapshot.ObservationNormalizer = statistics;
            var block = collector.Collect(snapshot, default)!;

            // The first action is normalised elsewhere: it differs from run to run because the policy sees something else.
            var seen = new List<float[]>();
            for (var t = b == 0 ? 0 : 1; t <= Steps; t++)
            {
                seen.AddRange(Observations(raw[b], t).Chunk(Size));
                var expected = Observations(raw[b], t);
                var (mean, variance) = Pool(statistics, seen);
                for (var k = 0; k < Count * Size; k++)
                {
                    var j = k % Size;
                    if (j < 3)
                    {
                        var normalized = Math.Clamp((expected[k] - mean[j]) / Math.Sqrt(variance[j] + 1e-8), -5, 5);
                        Assert.Equal(normalized, Observations(block, t)[k], 1e-4);
                    }
                }
            }

            Assert.Equal(seen.Count, block.Doubles(TrajectoryColumns.ObservationCount, 1)[0]);
            var moments = block.Doubles(TrajectoryColumns.ObservationMoments, 2, Size);
            for (var j = 0; j < 3; j++)
            {
                var average = seen.Average(row => (double)row[j]);
                Assert.Equal(average, moments[j], 1e-9);
                Assert.Equal(seen.Average(row => (row[j] - average) * (row[j] - average)), moments[Size + j], 1e-9);
            }

            // What the learner makes of it before the next version.
            var (newMean, newVariance) = Pool(statistics, seen);
            statistics = new NormalizerState { Count = statistics.Count + seen.Count, Mean = { newMean }, Variance = { newVariance } };
        }
    }

    [Fact]
    public void Final_observations_are_normalised_as_the_policy_would_have_seen_them()
    {
        var options = Options(Steps, 2, normalize: true);
        using var collector = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(Length));
        var snapshot = Snapshot(Layout(options), options.Network, 1);

        // So much was seen already that this block changes nothing.
        snapshot.ObservationNormalizer = new NormalizerState { Count = 1e12, Mean = { 0.5, 2, 1, 0 }, Variance = { 4, 9, 16, 1 } };

        var finals = collector.Collect(snapshot, default)!.Floats(TrajectoryColumns.FinalObservations, 1, Size);

        // Environment 1, episode 1, step 4.
        Assert.Equal((1 - 0.5) / 2, finals[0], 1e-5);
        Assert.Equal((1 - 2) / 3.0, finals[1], 1e-5);
        Assert.Equal((4 - 1) / 4.0, finals[2], 1e-5);
    }

    /// <summary>Mean and population variance of what the statistics stand for together with these rows.</summary>
    private static (double[] Mean, double[] Variance) Pool(NormalizerState statistics, List<float[]> rows)
    {
        var total = statistics.Count + rows.Count;
        var (mean, variance) = (new double[Size], new double[Size]);
        for (var j = 0; j < Size; j++)
        {
            mean[j] = (statistics.Count * statistics.Mean[j] + rows.Sum(row => (double)row[j])) / total;
            var squares = statistics.Count * (statistics.Variance[j] + Math.Pow(statistics.Mean[j] - mean[j], 2));
            variance[j] = (squares + rows.Sum(row => Math.Pow(row[j] - mean[j], 2))) / total;
        }

        return (mean, variance);
    }

    private static Trajectory[] Collect(ExperimentOptions options, int blocks, bool discrete = false)
    {
        using var collector = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(Length, discrete));
        var snapshot = Snapshot(Layout(options, discrete), options.Network, 1);
        return [.. Enumerable.Range(0, blocks).Select(_ => collector.Collect(snapshot, default)!)];
    }

    private static float[] Observations(Trajectory block, int t)
    {
        var (steps, count) = ((int)block.Steps, (int)block.Environments);
        return block.Floats(TrajectoryColumns.Observations, steps + 1, count, Size).Slice(t * count * Size, count * Size).ToArray();
    }

    private static float[] ActionAsSampled(Trajectory block, int t, int i, bool discrete) => discrete
        ? [block.Longs(TrajectoryColumns.Actions, Steps, Count)[t * Count + i]]
        : block.Floats(TrajectoryColumns.Actions, Steps, Count, 2).Slice((t * Count + i) * 2, 2).ToArray();

    private static float[] ActionAsTaken(Trajectory block, int t, int i, bool discrete)
    {
        var action = ActionAsSampled(block, t, i, discrete);
        return discrete ? action : [.. action.Select(x => Math.Clamp(x, -1, 1))];
    }
}
