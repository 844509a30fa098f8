using System.Text.Json;
using Rapid.Core;
using Rapid.Environments.Classic;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests;

/// <summary>The recorded traces go on after termination and have no time limit; actions leave the range on purpose.</summary>
public sealed class ClassicControlTests
{
    private const double Tolerance = 1e-10, SingleRounding = 1e-7;

    /// <summary>
    /// The reference's vectorised sine and cosine differ from the C library's in the last bit. The controlled arm swings chaotically: that
    /// bit outgrows any tolerance within the trace, so this one is followed as a whole for its first 100 steps and step by step to its end.
    /// </summary>
    private static int StepsBeforeChaos(string name, string kind) => (name, kind) == ("Acrobot-v1", "controlled") ? 100 : 200;

    public static TheoryData<string, int> Traces()
    {
        var data = new TheoryData<string, int>();
        foreach (var name in new[] { "CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0" })
        {
            data.Add(name, 0);
            data.Add(name, 1);
        }

        return data;
    }

    [Theory, MemberData(nameof(Traces))]
    public void A_recorded_trace_is_reproduced(string name, int index)
    {
        var trace = Golden.Read($"classic/{name}.json").GetProperty("traces")[index];
        using var environment = EnvironmentRegistry.Create(name);
        SetState(environment, trace.GetProperty("init_state").Numbers());
        var actions = trace.GetProperty("actions").EnumerateArray().ToArray();
        var (observations, states) = (trace.GetProperty("obs").Rows(), trace.GetProperty("state").Rows());
        var (rewards, terminated) = (trace.GetProperty("reward").Numbers(), trace.GetProperty("terminated").Flags());
        var observation = new float[observations[0].Length];

        for (var t = 0; t < StepsBeforeChaos(name, trace.GetProperty("kind").GetString()!); t++)
        {
            var result = environment.Step(Golden.Floats(actions[t].Numbers()), observation);

            Assert.True(Golden.Distance(states[t], GetState(environment)) <= Tolerance, $"state at step {t}");
            Assert.True(Golden.Distance(observations[t], [.. observation]) <= SingleRounding, $"observation at step {t}");
            Assert.True(Golden.Distance([rewards[t]], [result.Reward]) <= Tolerance, $"reward at step {t}: {result.Reward}");
            Assert.True(terminated[t] == result.Terminated, $"terminated at step {t}");
            Assert.False(result.Truncated);
        }

        Assert.Equal(200, actions.Length);
    }

    [Theory, MemberData(nameof(Traces))]
    public void Every_single_step_of_a_trace_leads_to_the_next_recorded_state(string name, int index)
    {
        var trace = Golden.Read($"classic/{name}.json").GetProperty("traces")[index];
        using var environment = EnvironmentRegistry.Create(name);
        var actions = trace.GetProperty("actions").EnumerateArray().ToArray();
        var (states, terminated) = (trace.GetProperty("state").Rows(), trace.GetProperty("terminated").Flags());
        var observation = new float[((BoxSpace)environment.ObservationSpace).Size];
        for (var t = 1; t < actions.Length; t++)
        {
            SetState(environment, states[t - 1]);

            var result = environment.Step(Golden.Floats(actions[t].Numbers()), observation);

            Assert.True(Golden.Distance(states[t], GetState(environment)) <= Tolerance, $"state at step {t}");
            Assert.True(terminated[t] == result.Terminated, $"terminated at step {t}");
        }
    }

    [Theory]
    [InlineData("CartPole-v1")]
    [InlineData("Pendulum-v1")]
    [InlineData("Acrobot-v1")]
    [InlineData("MountainCar-v0")]
    [InlineData("MountainCarContinuous-v0")]
    [InlineData("HalfCheetah-v4")]
    [InlineData("Hopper-v4")]
    public void Limits_equal_the_reference(string name)
    {
        var info = EnvironmentRegistry.Find(name)!;
        var facts = Golden.Read($"{info.Family}/{name}.json");

        Assert.Equal(facts.GetProperty("max_episode_steps").GetInt32(), info.MaxEpisodeSteps);
        if (facts.TryGetProperty("reward_threshold", out var threshold))
        {
            Assert.Equal(threshold.ValueKind == JsonValueKind.Null ? null : threshold.GetDouble(), info.RewardThreshold);
        }
    }

    [Theory]
    [InlineData("CartPole-v1")]
    [InlineData("Pendulum-v1")]
    [InlineData("Acrobot-v1")]
    [InlineData("MountainCar-v0")]
    [InlineData("MountainCarContinuous-v0")]
    public void Bounds_of_observations_equal_the_reference(string name)
    {
        var facts = Golden.Read($"classic/{name}.json");
        using var environment = EnvironmentRegistry.Create(name);
        var space = (BoxSpace)environment.ObservationSpace;

        Assert.Equal(Bounds("obs_low", float.NegativeInfinity), space.Low);
        Assert.Equal(Bounds("obs_high", float.PositiveInfinity), space.High);

        IEnumerable<float> Bounds(string field, float none) => facts.GetProperty(field).EnumerateArray()
            .Select(bound => bound.ValueKind == JsonValueKind.Null ? none : (float)bound.GetDouble());
    }

    [Theory]
    [InlineData("MountainCar-v0", 0.5)]
    [InlineData("MountainCarContinuous-v0", 0.45)]
    public void A_mountain_car_may_have_to_reach_its_goal_at_a_speed(string name, double goal)
    {
        foreach (var (wanted, isReached) in (IEnumerable<(string, bool)>)[("0", true), ("0.02", true), ("0.05", false), ("-1", true)])
        {
            using var car = EnvironmentRegistry.Create(name, new Dictionary<string, string> { ["goal_velocity"] = wanted });
            SetState(car, [goal - 0.01, 0.03]);
            var result = car.Step([1], new float[2]);
            Assert.InRange(GetState(car)[1], 0.02, 0.05);
            Assert.Equal(isReached, result.Terminated);
            Assert.Equal(name == "MountainCar-v0" ? -1 : isReached ? 99.9 : -0.1, result.Reward, 6);
        }
    }

    [Fact]
    public void Acrobot_has_the_dynamics_of_the_book_or_of_the_paper()
    {
        // Gymnasium's equations, evaluated apart from the code, integrated by one step of Runge and Kutta.
        foreach (var source in (string[])["book", "nips"])
        {
            using var acrobot = EnvironmentRegistry.Create(
                "Acrobot-v1", new Dictionary<string, string> { ["book_or_nips"] = source.ToUpperInvariant() });
            double[] start = [0.3, -0.7, 1.5, -2];
            SetState(acrobot, start);
            acrobot.Step([2], new float[6]);
            Assert.True(Golden.Distance(Reference(start, source == "nips"), GetState(acrobot)) < 1e-9, source);
        }

        static double[] Reference(double[] s, bool isPaper)
        {
            const double Dt = 0.2;
            var k1 = Change(s, isPaper);
            var k2 = Change(Plus(s, k1, Dt / 2), isPaper);
            var k3 = Change(Plus(s, k2, Dt / 2), isPaper);
            var k4 = Change(Plus(s, k3, Dt), isPaper);
            return [.. s.Select((value, i) => value + Dt / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]))];
        }

        static double[] Plus(double[] s, double[] change, double time) => [.. s.Select((value, i) => value + time * change[i])];

        static double[] Change(double[] s, bool isPaper)
        {
            // All lengths and masses are 1, the centres at one half, the moments of inertia 1; the torque is 1.
            var d1 = 0.25 + (1 + 0.25 + Math.Cos(s[1])) + 2;
            var d2 = 0.25 + 0.5 * Math.Cos(s[1]) + 1;
            var phi2 = 0.5 * 9.8 * Math.Sin(s[0] + s[1]);
            var phi1 = -0.5 * s[3] * s[3] * Math.Sin(s[1]) - s[3] * s[2] * Math.Sin(s[1]) + 1.5 * 9.8 * Math.Sin(s[0]) + phi2;
            var term = isPaper ? 0 : 0.5 * s[2] * s[2] * Math.Sin(s[1]);
            var second = (1 + d2 / d1 * phi1 - term - phi2) / (1.25 - d2 * d2 / d1);
            return [s[2], s[3], -(d2 * second + phi1) / d1, second];
        }
    }

    [Theory]
    [InlineData("CartPole-v1", 4, 0.05, 0.0)]
    [InlineData("Acrobot-v1", 4, 0.1, 0.0)]
    public void Start_states_fill_their_range(string name, int size, double range, double centre)
    {
        using var environment = EnvironmentRegistry.Create(name);
        var random = new RandomStream(3);
        var observation = new float[((BoxSpace)environment.ObservationSpace).Size];
        double[] low = [.. Enumerable.Repeat(double.MaxValue, size)], high = [.. Enumerable.Repeat(double.MinValue, size)];
        for (var i = 0; i < 500; i++)
        {
            environment.Reset(random, observation);
            var state = GetState(environment);
            for (var j = 0; j < size; j++)
            {
                (low[j], high[j]) = (Math.Min(low[j], state[j]), Math.Max(high[j], state[j]));
            }
        }

        Assert.All(low, value => Assert.InRange(value, centre - range - 1e-7, centre - 0.9 * range));
        Assert.All(high, value => Assert.InRange(value, centre + 0.9 * range, centre + range + 1e-7));
    }

    [Fact]
    public void CartPole_pays_for_the_fatal_step_and_nothing_after_it()
    {
        using var environment = new CartPole { State = (0, 0, 0.2, 3) };
        var observation = new float[4];

        var fatal = environment.Step([1], observation);
        var beyond = environment.Step([1], observation);

        Assert.Equal((1.0, true), (fatal.Reward, fatal.Terminated));
        Assert.Equal((0.0, true), (beyond.Reward, beyond.Terminated));
    }

    [Fact]
    public void CartPole_can_pay_zero_until_it_fails_and_minus_one_then()
    {
        using var environment = EnvironmentRegistry.Create(
            "CartPole-v1", new Dictionary<string, string> { ["sutton_barto_reward"] = "true" });
        var observation = new float[4];
        environment.Reset(new RandomStream(1), observation);
        StepResult result;
        var rewards = new List<double>();
        do
        {
            result = environment.Step([1], observation);
            rewards.Add(result.Reward);
        }
        while (!result.Terminated);

        Assert.All(rewards.SkipLast(1), reward => Assert.Equal(0, reward));
        Assert.Equal(-1, rewards[^1]);
        Assert.InRange(rewards.Count, 5, 20);
    }

    private static void SetState(IEnvironment environment, double[] s)
    {
        switch (environment)
        {
            case CartPole cartPole: cartPole.State = (s[0], s[1], s[2], s[3]); break;
            case Pendulum pendulum: pendulum.State = (s[0], s[1]); break;
            case Acrobot acrobot: acrobot.State = (s[0], s[1], s[2], s[3]); break;
            case MountainCar car: car.State = (s[0], s[1]); break;
            case MountainCarContinuous car: car.State = (s[0], s[1]); break;
            default: throw new ArgumentException(environment.GetType().Name, nameof(environment));
        }
    }

    private static double[] GetState(IEnvironment environment) => environment switch
    {
        CartPole { State: var s } => [s.X, s.V, s.Angle, s.AngularVelocity],
        Pendulum { State: var s } => [s.Angle, s.Speed],
        Acrobot { State: var s } => [s.Angle1, s.Angle2, s.Speed1, s.Speed2],
        MountainCar { State: var s } => [s.Position, s.Velocity],
        MountainCarContinuous { State: var s } => [s.Position, s.Velocity],
        _ => throw new ArgumentException(environment.GetType().Name, nameof(environment)),
    };
}
