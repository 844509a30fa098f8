using Rapid.Core;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests;

public sealed class VectorEnvironmentFaultTests
{
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e39)] // more than a float holds
    public void Only_the_environment_that_broke_is_marked_and_its_reward_poisons_no_sum(double reward)
    {
        using var vector = new VectorEnvironment(
            i => new Faulty(breaksAt: i == 2 ? 3 : int.MaxValue, badReward: reward), count: 4, seed: 1, threads: 2);
        var (observations, finals) = (new float[4], new float[4]);
        var (rewards, terminated, truncated) = (new float[4], new byte[4], new byte[4]);
        vector.Reset(observations);
        for (var t = 1; t <= 5; t++)
        {
            vector.Step(new float[4], observations, rewards, terminated, truncated, finals);

            Assert.Equal(t == 3 ? [2] : [], vector.Breakdowns.Select(breakdown => breakdown.Environment));
            Assert.Equal(t == 3 ? [0, 0, 1, 0] : new byte[4], truncated);
            Assert.All(
                vector.Breakdowns, breakdown => Assert.Contains("the reward is not finite", breakdown.Reason, StringComparison.Ordinal));
            Assert.Equal(t == 3 ? [1f, 1f, 0f, 1f] : [1f, 1f, 1f, 1f], rewards);
        }

        Assert.Equal(1, vector.BrokenCount);
    }

    [Fact]
    public void An_environment_that_begins_with_what_is_not_finite_is_refused_at_the_start_and_broken_later()
    {
        using var vector = new VectorEnvironment(_ => new Faulty(breaksAt: 1, goodStarts: 1), count: 1, seed: 1);
        var (observations, finals) = (new float[1], new float[1]);
        vector.Reset(observations);
        vector.Step(new float[1], observations, new float[1], new byte[1], new byte[1], finals);
        Assert.Single(vector.Breakdowns);
        Assert.Throws<InvalidDataException>(() => vector.Reset(observations));

        using var ends = new VectorEnvironment(_ => new Faulty(endsAt: 1, goodStarts: 1), count: 1, seed: 1);
        ends.Reset(observations);
        ends.Step(new float[1], observations, new float[1], new byte[1], new byte[1], finals);
        Assert.Contains("next episode", Assert.Single(ends.Breakdowns).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void An_exception_on_any_thread_reaches_the_caller_and_the_vector_goes_on(int environment)
    {
        using var vector = new VectorEnvironment(
            i => new Faulty(throwsAt: i == environment ? 2 : int.MaxValue), count: 4, seed: 1, threads: 4);
        var (observations, finals) = (new float[4], new float[4]);
        var (rewards, terminated, truncated) = (new float[4], new byte[4], new byte[4]);
        vector.Reset(observations);
        vector.Step(new float[4], observations, rewards, terminated, truncated, finals);

        var exception = Assert.ThrowsAny<Exception>(() => vector.Step(new float[4], observations, rewards, terminated, truncated, finals));

        Assert.IsType<InvalidTimeZoneException>(exception.InnerException ?? exception);
        vector.Step(new float[4], observations, rewards, terminated, truncated, finals);
        Assert.Equal([3f, 3f, 3f, 3f], observations);
    }

    [Fact]
    public void Actions_are_clipped_for_the_environment_alone()
    {
        using var vector = new VectorEnvironment(_ => new Faulty(), count: 2, seed: 1);
        float[] actions = [5, -0.25f];
        var finals = new float[2];
        vector.Reset(new float[2]);

        vector.Step(actions, new float[2], new float[2], new byte[2], new byte[2], finals);

        Assert.Equal([5, -0.25f], actions);
        Assert.Equal([1, -0.25f], Faulty.Seen.ToArray().TakeLast(2));
    }

    [Fact]
    public void Environments_of_one_vector_start_differently_and_a_seed_repeats_them()
    {
        float[] Start(ulong seed)
        {
            using var vector = new VectorEnvironment(_ => EnvironmentRegistry.Create("HalfCheetah-v4"), 3, seed);
            var observations = new float[3 * 17];
            vector.Reset(observations);
            return observations;
        }

        var start = Start(1);
        Assert.Equal(start, Start(1));
        Assert.NotEqual(start, Start(2));
        Assert.NotEqual(start[..17], start[17..34]);
        Assert.NotEqual(start[17..34], start[34..]);
    }

    /// <summary>Observes its step count; can break, throw or end at one step, and begin with NaN after some good episodes.</summary>
    private sealed class Faulty(
        int breaksAt = int.MaxValue, int throwsAt = int.MaxValue, int endsAt = int.MaxValue, double badReward = double.NaN,
        int goodStarts = int.MaxValue)
        : IEnvironment
    {
        [ThreadStatic]
        private static List<float>? _seen;

        private int _steps, _starts;

        public static List<float> Seen => _seen ??= [];

        public Space ObservationSpace { get; } = BoxSpace.Unbounded(1);

        public Space ActionSpace { get; } = BoxSpace.Uniform(1, -1, 1);

        public void Reset(RandomStream random, Span<float> observation) => observation[0] = _starts++ < goodStarts ? 0 : float.NaN;

        public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
        {
            Seen.Add(action[0]);
            observation[0] = ++_steps;
            return _steps == throwsAt
                ? throw new InvalidTimeZoneException("scripted")
                : new StepResult(_steps == breaksAt ? badReward : 1, Terminated: _steps == endsAt);
        }

        public void Dispose()
        {
        }
    }
}
