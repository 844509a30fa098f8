using Rapid.Core;
using Rapid.Environments.Described;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests.Descriptions;

public sealed class TaskEnvironmentTests : IDisposable
{
    private readonly TaskFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_step_holds_the_action_for_its_frames_and_sees_the_state_after_them()
    {
        using var environment = _folder.Start(
            """
            frame_skip: 5
            observation: { x: 'qpos[0]', place: 'body.cart.pos[0]', clock: time, push: 'control[0] + 10 * action[0]' }
            """);
        var observation = new float[4];
        environment.Step([1], observation);

        // 3 N on 2.5 kg, five semi-implicit steps of 0.01 s: x = a dt^2 (1 + 2 + 3 + 4 + 5); the pole turns only a little.
        Assert.InRange(observation[0], 0.00179f, 0.0025f);
        Assert.Equal(environment.Simulation.Positions[0], environment.Simulation.State("xpos")[3]);
        Assert.Equal((float)environment.Simulation.Positions[0], observation[1]);
        Assert.Equal([0.05f, 11], observation[2..]);
    }

    [Theory]
    [InlineData("Euler")]
    [InlineData("RK4")]
    [InlineData("implicit")]
    public void Steps_follow_the_trajectory_of_whole_physics_steps(string integrator)
    {
        var model = File.ReadAllText(Path.Combine(_folder.Path, "model.xml"));
        _folder.Write("other.xml", model.Replace("timestep", $"integrator=\"{integrator}\" timestep", StringComparison.Ordinal));
        using var environment = _folder.Start("model: other.xml\nframe_skip: 3\nreset: { set: { 'qpos[4]': 0.31, 'qvel[1]': 0.4 } }\n");
        using var plain = new Rapid.Environments.MuJoCo.Simulation.MuJoCoSimulation(environment.Simulation.Model);
        plain.Reset(environment.Simulation.Positions.Span, environment.Simulation.Velocities.Span);

        for (var i = 0; i < 100; i++)
        {
            environment.Step(0.3f);
            plain.Controls[0] = 0.3f;
            plain.Step(3);
        }

        Assert.Equal(plain.Positions.Span, environment.Simulation.Positions.Span);
        Assert.Equal(plain.Velocities.Span, environment.Simulation.Velocities.Span);
    }

    [Fact]
    public void What_was_before_a_step_is_remembered_with_named_values_and_the_last_action()
    {
        const string Yaml =
            """
            let: { twice: '2 * qpos[0]', growth: 'twice - before(twice)' }
            observation: { last: before(action), now: action, growth: growth, speed: '(qpos[0] - before(qpos[0])) / dt' }
            """;
        using var environment = _folder.Start(Yaml);
        var task = _folder.Read(Yaml);
        Assert.Equal([0, 0, 0, 0], environment.Observed(task));

        environment.Step(1);
        var x = environment.Simulation.Positions[0];
        Assert.Equal([0, 1, 2 * x, x / 0.01], environment.Observed(task), (a, b) => Math.Abs(a - b) < 1e-12);
        environment.Step(-2);
        var further = environment.Simulation.Positions[0] - x;
        Assert.Equal([1, -2, 2 * further, further / 0.01], environment.Observed(task), (a, b) => Math.Abs(a - b) < 1e-12);

        environment.Reset(new RandomStream(2), new float[4]);
        Assert.Equal([0, 0, 0, 0], environment.Observed(task));
    }

    [Fact]
    public void Rewards_add_up_and_a_condition_ends_the_episode()
    {
        using var environment = _folder.Start(
            """
            reward: { push: '-0.5 * sum(action^2)', alive: 1 }
            terminated: joint.slide.pos > 0.001
            """);

        Assert.Equal(new StepResult(-1, Terminated: false), environment.Step(-2));
        var ends = false;
        for (var i = 0; i < 20 && !ends; i++)
        {
            var result = environment.Step(2);
            Assert.Equal(-1, result.Reward);
            ends = result.Terminated;
            Assert.Equal(environment.Simulation.Positions[0] > 0.001, ends);
        }

        Assert.True(ends);
    }

    [Fact]
    public void Resets_draw_each_element_anew_within_their_ranges_from_the_seed_alone()
    {
        const string Yaml =
            """
            reset:
              draw: { angle: 'uniform(1, 2)' }
              set:
                qpos[0:2]: uniform(-0.1, 0.1)
                qvel: normal(0.5)
                joint.box.pos[0:3]: (10, 20, 30) + uniform(0, 1) * (1, 2, 0)
                body.goal.pos: angle * (1, 1, 2)
            observation: { state: '(qpos, qvel, body.goal.pos, geom.goal.pos)' }
            """;
        var task = _folder.Read(Yaml);
        using var environment = _folder.Start(Yaml);
        var random = new RandomStream(7);
        var states = Enumerable.Range(0, 2000).Select(_ =>
        {
            environment.Reset(random, new float[23]);
            return environment.Observed(task);
        }).ToArray();

        Assert.All(states, state =>
        {
            Assert.All(state[..2], value => Assert.InRange(value, -0.1, 0.1));
            Assert.NotEqual(state[0], state[1]);
            Assert.InRange(state[2], 10, 11);
            Assert.InRange(state[3], 20, 22);
            Assert.NotEqual(state[2] - 10, (state[3] - 20) / 2, 1e-9);
            Assert.Equal(30, state[4]);
            Assert.InRange(state[17], 1, 2);
            Assert.Equal([state[17], state[17], 2 * state[17]], state[17..20]);
            Assert.Equal(state[17..20], state[20..]);
        });
        double[] velocities = [.. states.SelectMany(state => state[9..17])];
        Assert.InRange(velocities.Average(), -0.02, 0.02);
        Assert.InRange(Math.Sqrt(velocities.Average(value => value * value)), 0.49, 0.51);

        using var again = new TaskEnvironment(task, new Dictionary<string, double>());
        again.Reset(new RandomStream(7), new float[23]);
        Assert.Equal(states[0], again.Observed(task));
    }

    [Fact]
    public void Scattered_joints_lie_in_their_ranges_and_what_turns_turns_everywhere()
    {
        const string Yaml = "reset: { scatter: all }\nobservation: { q: qpos }\n";
        var task = _folder.Read(Yaml);
        using var environment = _folder.Start(Yaml);
        var random = new RandomStream(3);
        double[] low = [9, 9], high = [-9, -9];
        for (var i = 0; i < 1000; i++)
        {
            environment.Reset(random, new float[9]);
            var state = environment.Observed(task);
            for (var j = 0; j < 2; j++)
            {
                (low[j], high[j]) = (Math.Min(low[j], state[j]), Math.Max(high[j], state[j]));
            }

            Assert.Equal([4, 0, 5], state[2..5]);
            Assert.Equal(1, state[5..].Sum(value => value * value), 1e-12);
        }

        Assert.InRange(low[0], -2, -1.97);
        Assert.InRange(high[0], 2.97, 3);
        Assert.InRange(low[1], -Math.PI, -3.1);
        Assert.InRange(high[1], 3.1, Math.PI);

        using var limited = _folder.Start("reset: { scatter: limited }\n");
        Assert.NotEqual(0, limited.Simulation.Positions[0]);
        Assert.Equal([0, 4, 0, 5, 1, 0, 0, 0], limited.Simulation.Positions.Span[1..]);
    }

    [Fact]
    public void A_reset_settles_and_draws_again_what_it_rejects()
    {
        const string Settled = "reset: { settle: 500 }\nobservation: { height: 'joint.box.pos[2]', clock: time, contacts: contacts }\n";
        using var fallen = _folder.Start(Settled);
        var state = fallen.Observed(_folder.Read(Settled));
        Assert.Equal(0.3, state[0], 0.01);
        Assert.Equal(0, state[1]);
        Assert.True(state[2] > 0);

        const string Chosen = "reset:\n  set: { 'qpos[0]': 'uniform(-1, 1)' }\n  reject: qpos[0] < 0.9 or body.cart.pos[0] < 0.9\n";
        for (ulong seed = 0; seed < 20; seed++)
        {
            using var chosen = _folder.Start(Chosen, seed);
            Assert.InRange(chosen.Simulation.Positions[0], 0.9, 1);
        }
    }

    [Fact]
    public void Options_are_numbers_that_a_spec_may_change()
    {
        var path = _folder.Write(
            "task.yaml",
            """
            model: model.xml
            episode_steps: 77
            solved_at: 7.5
            summary: a test
            options: { weight: 2 ^ 3, start: 0.25 }
            reset: { set: { 'qpos[0]': start } }
            observation: { x: 'qpos[0]' }
            reward: { weighted: weight }
            """);
        var info = EnvironmentRegistry.Find(path)!;
        Assert.Equal(("mujoco", 77, 7.5, "a test"), (info.Family, info.MaxEpisodeSteps, info.RewardThreshold, info.Summary));
        Assert.Equal(["weight", "start"], info.Options.Keys);
        Assert.Equal("a number (8)", info.Options["weight"]);

        var observation = new float[1];
        using var standard = EnvironmentRegistry.Create(path);
        standard.Reset(new RandomStream(1), observation);
        Assert.Equal(0.25f, observation[0]);
        Assert.Equal(8, standard.Step([0], observation).Reward);

        using var changed = EnvironmentRegistry.Create(path, new Dictionary<string, string> { ["weight"] = "-1", ["start"] = "0.5" });
        changed.Reset(new RandomStream(1), observation);
        Assert.Equal(0.5f, observation[0]);
        Assert.Equal(-1, changed.Step([0], observation).Reward);

        var options = new Dictionary<string, string> { ["wieght"] = "1", ["start"] = "x" };
        Assert.Equal(["wieght", "start"], EnvironmentRegistry.CheckOptions(info, options).Select(problem => problem.Option));
    }

    [Fact]
    public void An_edited_file_is_read_again_and_an_unchanged_one_shares_its_model()
    {
        const string Yaml = "model: model.xml\nobservation: { x: 'qpos[0]' }\nreward: { r: 1 }\n";
        var path = _folder.Write("task.yaml", Yaml);
        var first = TaskFiles.Load(path);
        Assert.Same(first, TaskFiles.Load(path));

        File.WriteAllText(path, Yaml.Replace("r: 1", "r: 2", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddSeconds(-30));
        using var environment = EnvironmentRegistry.Create(path);
        environment.Reset(new RandomStream(1), new float[1]);
        Assert.Equal(2, environment.Step([0], new float[1]).Reward);
    }

    [Fact]
    public void A_control_maps_the_action_to_the_actuators()
    {
        using var environment = _folder.Start(
            """
            action: { low: '(-1, 0)', high: '(1, 2)', control: '3 * action[0] - action[1] - joint.slide.vel' }
            reset: { set: { 'qvel[0]': 0.5 } }
            """);
        var space = (BoxSpace)environment.ActionSpace;
        Assert.Equal([-1, 0], space.Low);
        Assert.Equal([1, 2], space.High);
        environment.Step(1, 2);
        Assert.Equal(0.5, environment.Simulation.Controls[0]);

        using var sized = _folder.Start("action: { size: 2, low: -3, high: 3, control: 'action[1]' }\n");
        Assert.Equal(BoxSpace.Uniform(2, -3, 3).ToString(), sized.ActionSpace.ToString());
        sized.Step(1, 2);
        Assert.Equal(2, sized.Simulation.Controls[0]);
    }

    [Fact]
    public void A_simulation_that_breaks_down_is_said_to_have_diverged()
    {
        using var environment = _folder.Start("terminated: qpos[0] > 1e9\n");
        Assert.Null(environment.Step(0).Breakdown);
        var last = environment.Simulation.Positions.Span.ToArray();
        environment.Simulation.Velocities[1] = 1e30;
        var observation = new float[9];
        var broken = environment.Step([0], observation);
        Assert.Contains("unstable", broken.Breakdown, StringComparison.Ordinal);
        Assert.True(broken.Truncated && !broken.Terminated);
        Assert.Equal([.. last.Select(value => (float)value)], observation);
        environment.Reset(new RandomStream(1), new float[9]);
        Assert.Null(environment.Step(0).Breakdown);
        Assert.NotNull(environment.Step(float.NaN).Breakdown);
    }

    [Fact]
    public void A_saved_state_goes_on_bit_for_bit()
    {
        const string Yaml =
            "reset: { scatter: all }\nlet: { v: 'qpos - before(qpos)' }\nobservation: { v: v, q: qpos, last: before(action) }\n";
        using var one = _folder.Start(Yaml);
        for (var i = 0; i < 60; i++)
        {
            one.Step(MathF.Sin(i));
        }

        using var other = _folder.Start(Yaml, seed: 5);
        var observation = new float[19];
        using (var state = one.SaveState())
        {
            other.RestoreState(state, observation);
        }

        var task = _folder.Read(Yaml);
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal(one.Step(MathF.Cos(i)), other.Step(MathF.Cos(i)));
            Assert.Equal(one.Observed(task), other.Observed(task));
        }
    }

    [Theory]
    [InlineData("dm.walker.run")]
    [InlineData("dm.cartpole.swingup")]
    public void A_vector_steps_as_single_environments_do_whatever_the_number_of_threads(string name)
    {
        float[] Play(int threads)
        {
            using var vector = new VectorEnvironment(_ => new TimeLimit(EnvironmentRegistry.Create(name), 30), 3, seed: 5, threads);
            var (size, actions) = (vector.ObservationSpace.Size, vector.ActionSpace.Size);
            float[] observations = new float[3 * size], finals = new float[3 * size], action = new float[3 * actions];
            var trace = new List<float>();
            vector.Reset(observations);
            for (var i = 0; i < 50; i++)
            {
                Array.Fill(action, MathF.Sin(i));
                var rewards = new float[3];
                vector.Step(action, observations, rewards, new byte[3], new byte[3], finals);
                trace.AddRange([.. rewards, .. observations, .. finals]);
            }

            return [.. trace];
        }

        var expected = Play(1);
        Assert.Equal(expected, Play(2));
        using var single = EnvironmentRegistry.Create(name);
        var observation = new float[single.ObservationSpace.Size];
        single.Reset(new RandomStream(RandomStream.Derive(5, 0)), observation);
        var result = single.Step([.. Enumerable.Repeat(0f, single.ActionSpace.Size)], observation);
        Assert.Equal((float)result.Reward, expected[0]);
        Assert.Equal(observation, expected[3..(3 + observation.Length)]);
    }

    [Fact]
    public void Nothing_is_allocated_by_a_step()
    {
        using var environment = EnvironmentRegistry.Create("dm.walker.run");
        var (action, observation) = (new float[6], new float[24]);
        environment.Reset(new RandomStream(1), observation);
        environment.Step(action, observation);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
        {
            environment.Step(action, observation);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
