using Rapid.Agents.OffPolicy;
using Rapid.Agents.Sac;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests.OffPolicy;

public sealed class TransitionBatchTests
{
    private const int Observations = Sacs.Observations, Actions = Sacs.Actions, Rows = Sacs.Rows;

    [Theory]
    [InlineData(TimeLimitRule.Bootstrap, 0.9f)]
    [InlineData(TimeLimitRule.Terminal, 0f)]
    public void A_death_ends_the_return_and_a_time_limit_does_as_the_rule_says(TimeLimitRule rule, float afterTimeLimit)
    {
        var options = Sacs.Options(new SacOptions { TimeLimit = rule, Gamma = 0.9, RewardScale = 2 });
        using var batch = new TransitionBatch(Sacs.Layout(options), (SacOptions)options.Algorithm, CPU);

        batch.Fill(Sampled(), null);

        Assert.Equal([0f, afterTimeLimit, 0.9f], TensorMemory.Floats(batch.Continues)[..3].ToArray());
        Assert.Equal([0f, 2f, 4f], TensorMemory.Floats(batch.Rewards)[..3].ToArray());
        Assert.Equal(Enumerable.Range(100, Rows).Select(i => (ulong)i), batch.Ids);
    }

    [Fact]
    public void Observations_and_actions_lie_side_by_side_and_next_ones_leave_room()
    {
        var options = Sacs.Options();
        using var batch = new TransitionBatch(Sacs.Layout(options), (SacOptions)options.Algorithm, CPU);

        batch.Fill(Sampled(), null);

        var row = TensorMemory.Floats(batch.Inputs).Slice(3 * (Observations + Actions), Observations + Actions).ToArray();
        Assert.Equal([15f, 16, 17, 18, 19, -6, -7], row);
        var next = TensorMemory.Floats(batch.NextInputs).Slice(3 * (Observations + Actions), Observations + Actions).ToArray();
        Assert.Equal([1015f, 1016, 1017, 1018, 1019, 0, 0], next);
        Assert.All(TensorMemory.Floats(batch.Weights).ToArray(), weight => Assert.Equal(1, weight));
    }

    [Fact]
    public void A_normaliser_is_applied_to_both_observations_and_to_nothing_else()
    {
        var options = Sacs.Options();
        using var batch = new TransitionBatch(Sacs.Layout(options), (SacOptions)options.Algorithm, CPU);
        var normalizer = new ObservationNormalizer(Observations, clip: 50);
        normalizer.Statistics.Import([.. Enumerable.Repeat(5.0, Observations)], [.. Enumerable.Repeat(4.0, Observations)], 1);

        batch.Fill(Sampled(), normalizer);

        var row = TensorMemory.Floats(batch.Inputs).Slice(3 * (Observations + Actions), Observations + Actions).ToArray();
        Sacs.AssertClose([5, 5.5f, 6, 6.5f, 7, -6, -7], row, 1e-6);
        Assert.Equal(50, TensorMemory.Floats(batch.NextInputs)[3 * (Observations + Actions)]);
    }

    [Fact]
    public void N_step_transitions_bring_their_own_discounts()
    {
        var options = Sacs.Options(new SacOptions { NSteps = 3 });
        using var batch = new TransitionBatch(Sacs.Layout(options), (SacOptions)options.Algorithm, CPU);
        var sampled = Sampled();
        Add<float>(sampled, TrajectoryColumns.Discounts, [.. Enumerable.Range(0, Rows).Select(i => i / 100f)], Rows);

        batch.Fill(sampled, null);

        Assert.Equal([0f, 0.01f, 0.02f], TensorMemory.Floats(batch.Continues)[..3].ToArray());
    }

    [Theory]
    [InlineData(TrajectoryColumns.NextObservations)]
    [InlineData(TrajectoryColumns.Actions)]
    [InlineData(TrajectoryColumns.Terminated)]
    public void A_missing_column_is_named(string column)
    {
        var options = Sacs.Options();
        using var batch = new TransitionBatch(Sacs.Layout(options), (SacOptions)options.Algorithm, CPU);
        var sampled = Sampled();
        sampled.Columns.Remove(sampled.Columns.Single(other => other.Name == column));

        var error = Assert.Throws<InvalidDataException>(() => batch.Fill(sampled, null));

        Assert.Contains($"'{column}'", error.Message, StringComparison.Ordinal);
    }

    private static SampledBatch Sampled()
    {
        var sampled = new SampledBatch();
        float[] Numbers(int count, float first, float step = 1) => [.. Enumerable.Range(0, count).Select(i => first + step * i)];
        Add<float>(sampled, TrajectoryColumns.Observations, Numbers(Rows * Observations, 0), Rows, Observations);
        Add<float>(sampled, TrajectoryColumns.NextObservations, Numbers(Rows * Observations, 1000), Rows, Observations);
        Add<float>(sampled, TrajectoryColumns.Actions, Numbers(Rows * Actions, 0, -1), Rows, Actions);
        Add<float>(sampled, TrajectoryColumns.Rewards, Numbers(Rows, 0), Rows);
        Add<byte>(sampled, TrajectoryColumns.Terminated, [1, .. new byte[Rows - 1]], Rows);
        Add<byte>(sampled, TrajectoryColumns.Truncated, [0, 1, .. new byte[Rows - 2]], Rows);
        sampled.Ids.AddRange(Enumerable.Range(100, Rows).Select(i => (ulong)i));
        return sampled;
    }

    private static void Add<T>(SampledBatch sampled, string name, T[] values, params int[] shape)
        where T : unmanaged =>
        sampled.Columns.Add(new Column { Name = name, Tensor = TensorCodec.ToTensor<T>(values, shape) });
}
