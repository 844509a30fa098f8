using Rapid.Core;
using Rapid.Environments.Described;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests.Descriptions;

public sealed class TaskLibraryTests
{
    public static TheoryData<string> Names() => [.. EnvironmentRegistry.More.Select(info => info.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Every_task_plays_a_thousand_random_steps_alike_for_a_seed(string name)
    {
        var traces = Enumerable.Range(0, 2).Select(_ => Play(name, seed: 3, steps: 1000)).ToArray();

        Assert.Equal(traces[0], traces[1]);
        Assert.NotEqual(traces[0], Play(name, seed: 4, steps: 1000));
        if (name.StartsWith("dm.", StringComparison.Ordinal))
        {
            Assert.Equal(1000, EnvironmentRegistry.Find(name)!.MaxEpisodeSteps);
            Assert.All(traces[0], step => Assert.InRange(step.Reward, 0, 1));
        }
    }

    /// <summary>Sizes and ranges of observation and action, seconds of a step: those of the suite.</summary>
    [Theory]
    [InlineData("dm.acrobot.swingup", 6, 1, 0.01)]
    [InlineData("dm.ball_in_cup.catch", 8, 2, 0.02)]
    [InlineData("dm.cartpole.swingup", 5, 1, 0.01)]
    [InlineData("dm.cheetah.run", 17, 6, 0.01)]
    [InlineData("dm.hopper.hop", 15, 4, 0.02)]
    [InlineData("dm.pendulum.swingup", 3, 1, 0.02)]
    [InlineData("dm.reacher.easy", 6, 2, 0.02)]
    [InlineData("dm.walker.walk", 24, 6, 0.025)]
    public void The_suite_s_tasks_have_its_sizes(string name, int observations, int actions, double seconds)
    {
        using var environment = (TaskEnvironment)EnvironmentRegistry.Create(name);
        Assert.Equal(BoxSpace.Unbounded(observations).ToString(), environment.ObservationSpace.ToString());
        Assert.Equal(BoxSpace.Uniform(actions, -1, 1).ToString(), environment.ActionSpace.ToString());
        Reset(environment);
        environment.Step(new float[actions], new float[observations]);
        Assert.Equal(seconds, environment.State.Time, 1e-15);
    }

    /// <summary>What the suite's own models compile to: mass, and the sum of the inertias and of the damping.</summary>
    [Theory]
    [InlineData("dm.acrobot.swingup", 2, 0)]
    [InlineData("dm.ball_in_cup.catch", 0.13060276124209663, 0)]
    [InlineData("dm.cartpole.swingup", 1.1, 0)]
    [InlineData("dm.cheetah.run", 14, 0)]
    [InlineData("dm.hopper.hop", 12.439153536125447, 0)]
    [InlineData("dm.pendulum.swingup", 1, 0)]
    [InlineData("dm.reacher.easy", 0.08168140899333462, 0.5235987755982989)]
    [InlineData("dm.walker.walk", 28.540322060312082, 0)]
    public void The_suite_s_models_weigh_what_it_says(string name, double mass, double ofTarget)
    {
        using var environment = (TaskEnvironment)EnvironmentRegistry.Create(name);
        Assert.Equal(mass + ofTarget, environment.Simulation.Model.Array("body_mass").Sum(), 1e-12);
    }

    [Theory]
    // Upright in the middle and at rest; at the side; hanging; turning; pushed.
    [InlineData("dm.cartpole.balance", new double[] { 0, 0 }, new double[] { 0, 0 }, 0f, 1)]
    [InlineData("dm.cartpole.swingup", new[] { 0, Math.PI }, new double[] { 0, 0 }, 0f, 0)]
    [InlineData("dm.cartpole.balance", new double[] { 0, 0 }, new double[] { 0, 0 }, 1f, 0.8)]
    [InlineData("dm.cartpole.balance", new double[] { 0, 0 }, new double[] { 0, 0 }, 0.5f, 0.95)]
    [InlineData("dm.cartpole.balance_sparse", new[] { 0.24, 0.05 }, new double[] { 0, 0 }, 0f, 1)]
    [InlineData("dm.cartpole.swingup_sparse", new[] { 0.26, 0.05 }, new double[] { 0, 0 }, 0f, 0)]
    [InlineData("dm.cartpole.swingup_sparse", new[] { 0.0, 0.11 }, new double[] { 0, 0 }, 0f, 0)]
    [InlineData("dm.pendulum.swingup", new[] { 0.13 }, new double[] { 0 }, 0f, 1)]
    [InlineData("dm.pendulum.swingup", new[] { 0.15 }, new double[] { 0 }, 0f, 0)]
    [InlineData("dm.acrobot.swingup", new double[] { 0, 0 }, new double[] { 0, 0 }, 0f, 1)]
    [InlineData("dm.acrobot.swingup_sparse", new[] { Math.PI, 0 }, new double[] { 0, 0 }, 0f, 0)]
    public void Rewards_of_balancing_are_those_of_states_worked_out_by_hand(
        string name, double[] positions, double[] velocities, float action, double expected)
    {
        // One step of 0.01 s or 0.02 s moves the state by what the tolerance allows for.
        using var environment = (TaskEnvironment)EnvironmentRegistry.Create(name);
        Reset(environment);
        environment.Simulation.Reset(positions, velocities);
        Assert.Equal(expected, environment.Step(action).Reward, 2e-3);
    }

    [Fact]
    public void The_cart_s_reward_is_the_product_of_its_four_parts()
    {
        using var environment = (TaskEnvironment)EnvironmentRegistry.Create("dm.cartpole.swingup");
        Reset(environment);
        environment.Simulation.Reset([1, 2], [0.5, 4]);
        var reward = environment.Step(0.6f).Reward;

        var (positions, speed) = (environment.Simulation.Positions, environment.Simulation.Velocities[1]);
        var (x, angle) = (positions[0], positions[1]);
        double Gaussian(double distance) => Math.Pow(0.1, distance * distance);
        var expected = (1 + Math.Cos(angle)) / 2 * (1 + Gaussian(x / 2)) / 2 * (4 + (1 - (0.6 * 0.6))) / 5 * (1 + Gaussian(speed / 5)) / 2;
        Assert.Equal(expected, reward, 1e-6);
        Assert.InRange(reward, 0.01, 0.9);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 0.2)]
    [InlineData(5, 0.5)]
    [InlineData(12, 1)]
    [InlineData(-3, 0)]
    public void The_cheetah_s_reward_is_a_tenth_of_its_speed(double speed, double expected)
    {
        using var environment = (TaskEnvironment)EnvironmentRegistry.Create("dm.cheetah.run");
        Reset(environment);
        environment.Simulation.Reset([0, 5, 0, 0, 0, 0, 0, 0, 0], [speed, 0, 0, 0, 0, 0, 0, 0, 0]);
        var reward = environment.Step(new float[6]).Reward;
        Assert.Equal(Math.Clamp(environment.Simulation.State("sensordata")[0] / 10, 0, 1), reward, 1e-12);
        Assert.Equal(expected, reward, 0.01);
    }

    [Theory]
    // High up and upright it stands; lying it gets a quarter of being upright and what a Gaussian gives for half a metre.
    [InlineData("dm.walker.stand", 0.0, 0.0, 0.0, 1.0)]
    [InlineData("dm.walker.walk", 0.0, 0.0, 0.0, 1.0 / 6)]
    [InlineData("dm.walker.walk", 0.0, 0.0, 0.75, ((5 * 0.75) + 1) / 6)]
    [InlineData("dm.walker.walk", 0.0, 0.0, 2.0, 1.0)]
    [InlineData("dm.walker.run", 0.0, 0.0, 6.0, ((5 * 0.75) + 1) / 6)]
    [InlineData("dm.walker.run", 0.0, 0.0, 2.0, ((5 * 0.25) + 1) / 6)]
    [InlineData("dm.walker.stand", 1.0, Math.PI, 0.0, 0.75)]
    public void The_walker_s_reward_is_standing_times_moving(string name, double up, double turned, double speed, double expected)
    {
        using var environment = (TaskEnvironment)EnvironmentRegistry.Create(name);
        Reset(environment);
        environment.Simulation.Reset([up + 0.1, 0, turned, 0, 0, 0, 0, 0, 0], [0, speed, 0, 0, 0, 0, 0, 0, 0]);

        // Falling freely for a step changes neither the height beyond its bound nor the speed.
        Assert.Equal(expected, environment.Step(new float[6]).Reward, 2e-3);
    }

    [Theory]
    [InlineData("dm.hopper.stand", 0.0, 0f, 1.0)]
    [InlineData("dm.hopper.stand", 0.0, 1f, 0.8)]
    [InlineData("dm.hopper.hop", 0.0, 0f, 0.0)]
    [InlineData("dm.hopper.hop", 1.5, 0f, 0.75)]
    [InlineData("dm.hopper.hop", 2.5, 0f, 1.0)]
    public void The_hopper_s_reward_is_standing_times_hopping(string name, double speed, float action, double expected)
    {
        using var environment = (TaskEnvironment)EnvironmentRegistry.Create(name);
        Reset(environment);
        environment.Simulation.Reset([0, 1, 0, 0, 0, 0.1, 0], [speed, 0, 0, 0, 0, 0, 0]);
        Assert.Equal(expected, environment.Step([action, action, action, action], new float[15]).Reward, 0.06);
    }

    [Fact]
    public void The_reacher_is_paid_for_touching_its_target_which_lies_where_the_reset_puts_it()
    {
        foreach (var (name, radius) in ((string, double)[])[("dm.reacher.easy", 0.06), ("dm.reacher.hard", 0.025)])
        {
            using var environment = (TaskEnvironment)EnvironmentRegistry.Create(name);
            var random = new RandomStream(11);
            var places = new HashSet<double>();
            for (var i = 0; i < 300; i++)
            {
                environment.Reset(random, new float[6]);
                var target = environment.Simulation.State("mocap_pos").Span;
                Assert.InRange(Math.Sqrt((target[0] * target[0]) + (target[1] * target[1])), 0.05, 0.2);
                Assert.Equal(0.01, target[2]);
                places.Add(target[0]);
                var observation = new float[6];
                var reward = environment.Step([0, 0], observation).Reward;
                Assert.Equal(Math.Sqrt((observation[2] * observation[2]) + (observation[3] * observation[3])) <= radius ? 1 : 0, reward);
            }

            Assert.Equal(300, places.Count);
        }
    }

    [Fact]
    public void The_cup_is_paid_while_the_ball_is_inside_it()
    {
        using var environment = (TaskEnvironment)EnvironmentRegistry.Create("dm.ball_in_cup.catch");
        Reset(environment);
        double Reward(double x, double z)
        {
            environment.Simulation.Reset([0, 0, x, z], [0, 0, 0, 0]);
            return environment.Step([0, 0], new float[8]).Reward;
        }

        // The ball's own place is 0.2 m up, the middle of the cup 0.55 m.
        Assert.Equal(1, Reward(0, 0.35));
        Assert.Equal(0, Reward(0, 0.42));
        Assert.Equal(0, Reward(0.1, 0.35));
    }

    [Fact]
    public void Resets_of_the_suite_s_tasks_are_spread_as_it_spreads_them()
    {
        double[][] Starts(string name, int count)
        {
            using var environment = (TaskEnvironment)EnvironmentRegistry.Create(name);
            var random = new RandomStream(5);
            return [.. Enumerable.Range(0, count).Select(_ =>
            {
                environment.Reset(random, new float[environment.ObservationSpace.Size]);
                return (double[])[.. environment.Simulation.Positions.Span, .. environment.Simulation.Velocities.Span];
            })];
        }

        var balance = Starts("dm.cartpole.balance", 2000);
        Assert.All(balance, state => Assert.True(Math.Abs(state[0]) < 0.1 && Math.Abs(state[1]) < 0.034));
        Assert.InRange(balance.Max(state => state[1]), 0.033, 0.034);
        var swingUp = Starts("dm.cartpole.swingup", 2000);
        Assert.InRange(swingUp.Average(state => state[1]), Math.PI - 0.001, Math.PI + 0.001);
        Assert.InRange(Math.Sqrt(swingUp.Average(state => state[2] * state[2])), 0.0095, 0.0105);
        var cup = Starts("dm.ball_in_cup.catch", 500);
        Assert.InRange(cup.Min(state => state[3]), 0.2, 0.21);
        Assert.InRange(cup.Max(state => state[3]), 0.49, 0.5);

        // Ten seconds of falling and rolling: the cheetah lies or stands, and is still.
        var cheetah = Starts("dm.cheetah.run", 20);
        Assert.All(cheetah, state => Assert.InRange(state[1], -0.7, 0.2));
        Assert.InRange(cheetah.Average(state => state[9..].Max(Math.Abs)), 0, 2);
    }

    [Fact]
    public void The_leg_reaches_for_a_target_in_its_box()
    {
        using var environment = (TaskEnvironment)EnvironmentRegistry.Create("OneLeg-v0");
        Assert.Equal(3, environment.ActionSpace.Size);
        Assert.Equal(32, EnvironmentRegistry.Find("OneLeg-v0")!.MaxEpisodeSteps);
        var random = new RandomStream(2);
        var observation = new float[9];
        double[] center = [0.219, 0.020, 0.128], half = [0.069, 0.153, 0.072];
        for (var i = 0; i < 200; i++)
        {
            environment.Reset(random, observation);
            for (var j = 0; j < 3; j++)
            {
                Assert.InRange(observation[2 * j], -0.5f, 0.5f);
                Assert.Equal(0, observation[(2 * j) + 1]);
                Assert.InRange(observation[6 + j], center[j] - (half[j] / 2) - 1e-6, center[j] + (half[j] / 2) + 1e-6);
            }

            var reward = environment.Step([1, 0, -1], observation).Reward;
            var distance = Enumerable.Range(0, 3).Sum(j => Math.Pow(environment.Simulation.State("xpos")[15 + j] - observation[6 + j], 2));
            Assert.Equal(-distance, reward, 1e-6);
        }
    }

    [Fact]
    public void The_leg_s_joints_turn_as_fast_as_they_are_told_and_its_middle_pose_is_in_the_box()
    {
        using var environment = (TaskEnvironment)EnvironmentRegistry.Create("OneLeg-v0");
        Reset(environment);
        environment.Simulation.Reset([0, 0, 0], [0, 0, 0]);
        var tip = environment.Simulation.State("xpos").Span.Slice(15, 3).ToArray();
        Assert.InRange(tip[0], 0.15, 0.29);
        Assert.InRange(tip[1], -0.133, 0.173);
        Assert.InRange(tip[2], 0.056, 0.2);

        var observation = new float[9];
        for (var i = 0; i < 3; i++)
        {
            environment.Step([0.5f, -0.5f, 0.5f], observation);
        }

        Assert.Equal([0.5, -0.5, 0.5], [observation[1], observation[3], observation[5]], (a, b) => Math.Abs(a - b) < 0.08);
    }

    private static void Reset(TaskEnvironment environment) =>
        environment.Reset(new RandomStream(1), new float[environment.ObservationSpace.Size]);

    private static (double Reward, float First, float Last)[] Play(string name, ulong seed, int steps)
    {
        using var environment = EnvironmentRegistry.Create(name);
        var random = new RandomStream(seed);
        var observation = new float[environment.ObservationSpace.Size];
        var action = new float[environment.ActionSpace.Size];
        environment.Reset(random, observation);
        return [.. Enumerable.Range(0, steps).Select(_ =>
        {
            foreach (ref var part in action.AsSpan())
            {
                part = (float)random.NextUniform(-1, 1);
            }

            var result = environment.Step(action, observation);
            Assert.False(result.Breakdown is not null || result.Terminated);
            Assert.All(observation, value => Assert.True(float.IsFinite(value)));
            return (result.Reward, observation[0], observation[^1]);
        })];
    }
}
