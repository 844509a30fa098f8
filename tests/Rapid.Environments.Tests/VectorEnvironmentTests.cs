using FsCheck;
using FsCheck.Fluent;
using Rapid.Core;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests;

public class VectorEnvironmentTests
{
    [Theory]
    [InlineData("CartPole-v1", 5)]
    [InlineData("Hopper-v4", 4)]
    public void Results_do_not_depend_on_the_number_of_threads(string name, int count)
    {
        var one = Record(name, count, threads: 1);
        Assert.Equal(one, Record(name, count, threads: 2));
        Assert.Equal(one, Record(name, count, threads: 3));
        Assert.NotEqual(one, Record(name, count, threads: 1, seed: 2));
    }

    [Fact]
    public void A_time_limit_truncates_and_keeps_the_final_observation()
    {
        using var vector = new VectorEnvironment(_ => new TimeLimit(EnvironmentRegistry.Create("Pendulum-v1"), 3), 1, seed: 1);
        var (observations, finals) = (new float[3], new float[3]);
        var (rewards, terminated, truncated) = (new float[1], new byte[1], new byte[1]);
        vector.Reset(observations);
        for (var t = 0; t < 3; t++)
        {
            Assert.Empty(vector.Finished);
            vector.Step(new float[1], observations, rewards, terminated, truncated, finals);
            Assert.Equal(0, terminated[0]);
            Assert.Equal(t == 2 ? 1 : 0, truncated[0]);
        }

        var episode = Assert.Single(vector.Finished);
        Assert.Equal((3, true), (episode.Length, episode.Truncated));
        Assert.NotEqual(finals, observations);
        Assert.NotEqual(0, finals[0]);
    }

    [Fact]
    public void A_death_on_the_last_step_of_the_limit_is_a_death()
    {
        using var environment = new TimeLimit(new Scripted([new(1, Terminated: true)]), 1);
        environment.Reset(new RandomStream(1), new float[1]);
        var result = environment.Step(new float[1], new float[1]);
        Assert.Equal((true, false), (result.Terminated, result.Truncated));
    }

    [Theory]
    [InlineData(double.NaN, 0f, null, "the reward is not finite: NaN")]
    [InlineData(double.PositiveInfinity, 0f, null, "the reward is not finite: Infinity")]
    [InlineData(1.0, float.NaN, null, "the observation is not finite: its element 0 is NaN")]
    [InlineData(1.0, float.NegativeInfinity, null, "the observation is not finite: its element 0 is -Infinity")]
    [InlineData(1.0, 0f, "it fell apart", "it fell apart")]
    public void A_broken_environment_is_reset_and_counted_and_ends_no_episode(
        double reward, float observed, string? breakdown, string reason)
    {
        StepResult[] script = [new(1, false), new(reward, false) { Breakdown = breakdown }, new(1, false)];
        using var vector = new VectorEnvironment(_ => new Scripted(script, observed), 1, 1);
        var (observations, finals) = (new float[1], new float[1]);
        var (rewards, terminated, truncated) = (new float[1], new byte[1], new byte[1]);
        vector.Reset(observations);
        vector.Step(new float[1], observations, rewards, terminated, truncated, finals);
        Assert.Empty(vector.Breakdowns);
        vector.Step(new float[1], observations, rewards, terminated, truncated, finals);
        var broken = Assert.Single(vector.Breakdowns);
        Assert.Equal(0, broken.Environment);
        Assert.StartsWith(reason, broken.Reason, StringComparison.Ordinal);
        Assert.Equal((0, 1, 0f), (terminated[0], truncated[0], rewards[0]));
        Assert.Equal(1, vector.BrokenCount);
        Assert.Empty(vector.Finished);
        Assert.Equal(0.25f, observations[0]);
        vector.Step(new float[1], observations, rewards, terminated, truncated, finals);
        Assert.Empty(vector.Breakdowns);
    }

    [Fact]
    public void Episode_statistics_are_sums_of_raw_rewards()
    {
        using var vector = new VectorEnvironment(_ => EnvironmentRegistry.Create("CartPole-v1"), 3, seed: 5);
        var (observations, finals) = (new float[12], new float[12]);
        var (rewards, terminated, truncated) = (new float[3], new byte[3], new byte[3]);
        var sums = new double[3];
        var episodes = 0;
        vector.Reset(observations);
        for (var t = 0; t < 300; t++)
        {
            vector.Step(new float[] { t % 2, 1, t % 3 == 0 ? 1 : 0 }, observations, rewards, terminated, truncated, finals);
            for (var i = 0; i < 3; i++)
            {
                sums[i] += rewards[i];
            }

            foreach (var episode in vector.Finished)
            {
                Assert.Equal(sums[episode.Environment], episode.Return, 9);
                sums[episode.Environment] = 0;
                episodes++;
            }
        }

        Assert.True(episodes > 20);
    }

    [Fact]
    public void Stepping_allocates_nothing()
    {
        using var vector = new VectorEnvironment(_ => new TimeLimit(EnvironmentRegistry.Create("HalfCheetah-v4"), 50), 2, seed: 1);
        var (actions, observations, finals) = (new float[12], new float[34], new float[34]);
        var (rewards, terminated, truncated) = (new float[2], new byte[2], new byte[2]);
        vector.Reset(observations);
        void Run(int steps)
        {
            for (var t = 0; t < steps; t++)
            {
                vector.Step(actions, observations, rewards, terminated, truncated, finals);
            }
        }

        Run(200);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(1000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Merged_statistics_equal_those_of_all_data()
    {
        Prop.ForAll<NormalFloat[], PositiveInt>((values, cut) =>
        {
            float[] data = [.. values.Select(value => (float)Math.Clamp(value.Get, -1e4, 1e4))];
            var split = Math.Min(cut.Get, data.Length);
            var (whole, first, second) = (new RunningMeanVariance(1), new RunningMeanVariance(1), new RunningMeanVariance(1));
            whole.Update(data);
            first.Update(data.AsSpan(0, split));
            second.Import([0], [0], 0);
            second.Update(data.AsSpan(split));
            first.Merge(second.Mean, second.Variance, second.Count);
            return Math.Abs(whole.Mean[0] - first.Mean[0]) <= 1e-6 * (1 + Math.Abs(whole.Mean[0]))
                && Math.Abs(whole.Variance[0] - first.Variance[0]) <= 1e-6 * (1 + whole.Variance[0]);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_random_stream_goes_on_from_its_exported_state()
    {
        var stream = new RandomStream(7);
        stream.NextNormal();
        var copy = new RandomStream(1);
        copy.ImportState(stream.ExportState());
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(stream.NextNormal(), copy.NextNormal());
            Assert.Equal(stream.NextBits(), copy.NextBits());
        }
    }

    [Fact]
    public void Normal_numbers_have_mean_0_variance_1_and_kurtosis_3()
    {
        var stream = new RandomStream(3);
        double sum = 0, squares = 0, fourths = 0;
        const int n = 400_000;
        for (var i = 0; i < n; i++)
        {
            var x = stream.NextNormal();
            (sum, squares, fourths) = (sum + x, squares + x * x, fourths + x * x * x * x);
        }

        Assert.InRange(sum / n, -0.01, 0.01);
        Assert.InRange(squares / n, 0.99, 1.01);
        Assert.InRange(fourths / n, 2.9, 3.1);
    }

    [Fact]
    public void An_unknown_name_or_option_names_the_nearest_known_one()
    {
        var badName = Assert.Throws<ArgumentException>(() => EnvironmentRegistry.Create("HalfCheeta-v4"));
        Assert.Contains("'HalfCheetah-v4'", badName.Message, StringComparison.Ordinal);
        var options = new Dictionary<string, string> { ["sutton_barto_rewart"] = "true" };
        var badOption = Assert.Throws<ArgumentException>(() => EnvironmentRegistry.Create("CartPole-v1", options));
        Assert.Contains("'sutton_barto_reward'", badOption.Message, StringComparison.Ordinal);
    }

    private static float[] Record(string name, int count, int threads, ulong seed = 1)
    {
        using var vector = new VectorEnvironment(_ => new TimeLimit(EnvironmentRegistry.Create(name), 20), count, seed, threads);
        var size = ((BoxSpace)vector.ObservationSpace).Size;
        var actionSize = vector.ActionSpace is BoxSpace box ? box.Size : 1;
        var (observations, finals) = (new float[count * size], new float[count * size]);
        var (rewards, terminated, truncated) = (new float[count], new byte[count], new byte[count]);
        var actions = new float[count * actionSize];
        var noise = new RandomStream(9);
        var record = new List<float>();
        vector.Reset(observations);
        for (var t = 0; t < 100; t++)
        {
            for (var i = 0; i < actions.Length; i++)
            {
                actions[i] = noise.NextIndex(2);
            }

            vector.Step(actions, observations, rewards, terminated, truncated, finals);
            record.AddRange(observations);
            record.AddRange(rewards);
        }

        return [.. record];
    }

    private sealed class Scripted(StepResult[] script, float secondObservation = 0) : IEnvironment
    {
        private int _step;

        public Space ObservationSpace { get; } = BoxSpace.Unbounded(1);

        public Space ActionSpace { get; } = BoxSpace.Uniform(1, -1, 1);

        public void Reset(RandomStream random, Span<float> observation) => observation[0] = 0.25f;

        public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
        {
            observation[0] = _step == 1 ? secondObservation : 0;
            return script[_step++];
        }

        public void Dispose()
        {
        }
    }
}
