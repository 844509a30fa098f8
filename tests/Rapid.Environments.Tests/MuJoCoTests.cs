using Rapid.Core;
using Rapid.Environments.MuJoCo;
using Rapid.Environments.MuJoCo.Simulation;
using Rapid.Environments.Registry;
using Rapid.Environments.Tests.MuJoCo;

namespace Rapid.Environments.Tests;

/// <summary>Against traces and models of the reference implementation on MuJoCo 2.2.2; other versions have other last bits.</summary>
public sealed class MuJoCoTests
{
    public static TheoryData<string> Names =>
        [.. Tasks.All.Select(info => info.Name).Where(name => name.EndsWith("-v4", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(Names))]
    public void No_entry_of_any_physics_array_differs(string name)
    {
        using var environment = Create(name);
        var physics = Golden.Read($"mujoco/{name}.model.json").GetProperty("physics");
        var differing = new List<string>();
        var arrays = 0;
        foreach (var array in physics.EnumerateObject())
        {
            var (expected, actual) = (array.Value.GetProperty("data").Numbers(), environment.Model.Array(array.Name));
            Assert.True(expected.Length == actual.Length, $"{array.Name} has {actual.Length} entries, not {expected.Length}");
            differing.AddRange(Enumerable.Range(0, expected.Length).Where(i => expected[i] != actual[i]).Select(i => $"{array.Name}[{i}]"));
            arrays++;
        }

        Assert.Empty(differing);
        Assert.True(arrays > 70, $"only {arrays} arrays were compared");
    }

    [Theory, MemberData(nameof(Names))]
    public void Every_probe_is_within_1e_10(string name)
    {
        using var environment = Create(name);
        var probes = Golden.Read($"mujoco/{name}.json").GetProperty("probes").EnumerateArray().ToArray();
        var observation = new float[((BoxSpace)environment.ObservationSpace).Size];
        foreach (var probe in probes)
        {
            environment.SetState(probe.GetProperty("qpos").Numbers(), probe.GetProperty("qvel").Numbers());
            Assert.InRange(Golden.Distance(probe.GetProperty("obs_before").Numbers(), environment.PreciseObservation), 0, 1e-14);

            var result = environment.Step(Golden.Floats(probe.GetProperty("action").Numbers()), observation);

            Assert.InRange(Golden.Distance(probe.GetProperty("obs").Numbers(), environment.PreciseObservation), 0, 1e-10);
            Assert.InRange(Golden.Distance(probe.GetProperty("qpos_after").Numbers(), environment.Positions), 0, 1e-10);
            Assert.InRange(Golden.Distance(probe.GetProperty("qvel_after").Numbers(), environment.Velocities), 0, 1e-10);
            Assert.InRange(Golden.Distance(probe.GetProperty("reward").Numbers(), [result.Reward]), 0, 1e-10);
            Assert.Equal(probe.GetProperty("terminated").GetBoolean(), result.Terminated);
            Assert.Null(result.Breakdown);
        }

        Assert.Equal(34, probes.Length);
    }

    [Theory, MemberData(nameof(Names))]
    public void A_trace_of_200_steps_is_equal_bit_for_bit(string name)
    {
        // Sines and cosines are those of another library; the rest is the same arithmetic.
        var tolerance = name is "Reacher-v4" or "InvertedDoublePendulum-v4" ? 1e-14 : 0;
        using var environment = Create(name);
        var trace = Golden.Read($"mujoco/{name}.json");
        var (actions, observations) = (trace.GetProperty("actions").Rows(), trace.GetProperty("obs").Rows());
        var (positions, velocities) = (trace.GetProperty("qpos").Rows(), trace.GetProperty("qvel").Rows());
        var (rewards, terminated) = (trace.GetProperty("reward").Numbers(), trace.GetProperty("terminated").Flags());
        environment.SetState(trace.GetProperty("init_qpos").Numbers(), trace.GetProperty("init_qvel").Numbers());
        Assert.InRange(Golden.Distance(trace.GetProperty("obs0").Numbers(), environment.PreciseObservation), 0, tolerance);
        Assert.Equal(trace.GetProperty("qpos_after_reset_forward").Numbers(), environment.Positions);
        var observation = new float[observations[0].Length];

        for (var t = 0; t < actions.Length; t++)
        {
            var result = environment.Step(Golden.Floats(actions[t]), observation);

            Assert.Equal(positions[t], environment.Positions.ToArray());
            Assert.Equal(velocities[t], environment.Velocities.ToArray());
            Assert.InRange(Golden.Distance(observations[t], environment.PreciseObservation), 0, tolerance);
            Assert.Equal(Golden.Floats(environment.PreciseObservation), observation);
            Assert.InRange(Golden.Distance([rewards[t]], [result.Reward]), 0, 1e-13);
            Assert.Equal(terminated[t], result.Terminated);

            // "forward_reward" is a second name for another detail.
            foreach (var detail in trace.GetProperty("info").EnumerateObject().Where(detail => detail.Name != "forward_reward"))
            {
                var actual = environment.Info[Array.IndexOf([.. environment.InfoNames], detail.Name)];
                Assert.InRange(Golden.Distance([detail.Value[t].GetDouble()], [actual]), 0, 1e-12);
            }
        }

        Assert.Equal(200, actions.Length);
    }

    [Theory]
    [InlineData("HalfCheetah-v4", 1e15, 0)]
    [InlineData("HalfCheetah-v4", double.NaN, 0)]
    [InlineData("Hopper-v4", 0, 1e15)]
    [InlineData("Hopper-v4", 0, double.PositiveInfinity)]
    public void A_state_that_MuJoCo_would_silently_reset_is_reported_until_a_reset(string name, double position, double velocity)
    {
        using var environment = Create(name);
        var observation = new float[((BoxSpace)environment.ObservationSpace).Size];
        var action = new float[((BoxSpace)environment.ActionSpace).Size];
        environment.Reset(new RandomStream(1), observation);
        double[] positions = environment.Positions.ToArray(), velocities = environment.Velocities.ToArray();
        (positions[3], velocities[3]) = (position, velocity);
        environment.SetState(positions, velocities);

        for (var step = 0; step < 2; step++)
        {
            var result = environment.Step(action, observation);
            Assert.Contains(position == 0 ? "QVEL at DOF 3" : "QPOS at DOF 3", result.Breakdown, StringComparison.Ordinal);
            Assert.Equal((false, true), (result.Terminated, result.Truncated));
        }

        environment.Reset(new RandomStream(2), observation);
        Assert.Null(environment.Step(action, observation).Breakdown);
        Assert.All(observation, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Controls_that_are_not_numbers_are_reported()
    {
        using var environment = Create("HalfCheetah-v4");
        var observation = new float[17];
        environment.Reset(new RandomStream(1), observation);

        var last = observation.ToArray();

        var breakdown = environment.Step([0, 0, float.NaN, 0, 0, 0], observation).Breakdown;

        Assert.Equal(last, observation);
        Assert.Contains("CTRL at ACTUATOR 2", breakdown, StringComparison.Ordinal);
    }

    [Fact]
    public void An_internal_error_comes_back_as_a_status_with_its_message_on_every_thread()
    {
        // Loading installs the error handler.
        using var environment = Create("Hopper-v4");
        Parallel.For(0, 8, i =>
        {
            var text = $"stack overflow, thread {i}";
            Assert.Equal(MuJoCoNative.Failed, MuJoCoNative.Fail(text));
            Assert.Contains(text, MuJoCoNative.Message(), StringComparison.Ordinal);
            var exception = Assert.Throws<MuJoCoException>(() => MuJoCoNative.Check(MuJoCoNative.Fail(text), "cannot step"));
            Assert.Contains(text, exception.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_real_stack_overflow_inside_a_step_is_an_error_and_the_process_lives()
    {
        var folder = Directory.CreateTempSubdirectory("rapid-model-");
        try
        {
            var models = Path.Combine(AppContext.BaseDirectory, "models");
            var path = Path.Combine(folder.FullName, "hopper.xml");
            File.Copy(Path.Combine(models, "scene.xml"), Path.Combine(folder.FullName, "scene.xml"));
            var original = File.ReadAllText(Path.Combine(models, "hopper.xml"));
            File.WriteAllText(path, original.Replace("nstack=\"40000\"", "nstack=\"20\"", StringComparison.Ordinal));
            var load = Record.Exception(() => MuJoCoModel.Load(path).Dispose());

            Assert.Contains("stack", Assert.IsType<MuJoCoException>(load).Message, StringComparison.OrdinalIgnoreCase);
            using var environment = Create("Hopper-v4");
            var observation = new float[11];
            environment.Reset(new RandomStream(1), observation);
            Assert.Null(environment.Step(new float[3], observation).Breakdown);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_bad_model_is_refused_with_MuJoCos_message()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "<mujoco><worldbody><body><geom type='nonsense'/></body></worldbody></mujoco>");

            var exception = Assert.Throws<MuJoCoException>(() => MuJoCoModel.Load(path));

            Assert.Contains(path, exception.Message, StringComparison.Ordinal);
            Assert.Contains("nonsense", exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Nothing_is_written_to_the_working_directory()
    {
        using var environment = Create("Hopper-v4");
        var positions = environment.Positions.ToArray();
        positions[2] = 1e20;
        environment.SetState(positions, environment.Velocities);
        environment.Step(new float[3], new float[11]);
        MuJoCoNative.Fail("for the log");

        Assert.False(File.Exists("MUJOCO_LOG.TXT"));
    }

    [Fact]
    public void Reset_noise_is_normal_on_the_cheetahs_velocities_and_uniform_elsewhere()
    {
        using HalfCheetah cheetah = new(new HalfCheetahOptions());
        using Hopper hopper = new(new HopperOptions());
        var random = new RandomStream(11);
        double largestVelocity = 0, squares = 0, largestPosition = 0, largestHopper = 0;
        const int Resets = 400;
        for (var i = 0; i < Resets; i++)
        {
            cheetah.Reset(random, new float[17]);
            hopper.Reset(random, new float[11]);
            foreach (var velocity in cheetah.Velocities)
            {
                (largestVelocity, squares) = (Math.Max(largestVelocity, Math.Abs(velocity)), squares + velocity * velocity);
            }

            foreach (var position in cheetah.Positions)
            {
                largestPosition = Math.Max(largestPosition, Math.Abs(position));
            }

            foreach (var velocity in hopper.Velocities)
            {
                largestHopper = Math.Max(largestHopper, Math.Abs(velocity));
            }
        }

        Assert.InRange(Math.Sqrt(squares / (Resets * 9)), 0.097, 0.103);
        Assert.InRange(largestVelocity, 0.25, 0.6);
        Assert.InRange(largestPosition, 0.099, 0.1);
        Assert.InRange(largestHopper, 0.00495, 0.005);
    }

    [Fact]
    public void Options_change_the_reward_the_end_and_the_noise()
    {
        static StepResult Fall(Dictionary<string, string> options)
        {
            using var hopper = (MuJoCoEnvironment)EnvironmentRegistry.Create("Hopper-v4", options);
            hopper.SetState([0, 1.25, 0.3, 0, 0, 0], new double[6]);
            return hopper.Step([1, 0, 0], new float[11]);
        }

        var standard = Fall([]);
        var velocity = standard.Reward - 1 + 1e-3;
        Assert.True(standard.Terminated);
        var changed = Fall(new() { ["forward_reward_weight"] = "2", ["ctrl_cost_weight"] = "0.5", ["healthy_reward"] = "3" });
        Assert.Equal(2 * velocity + 3 - 0.5, changed.Reward, 1e-12);
        var patient = Fall(new() { ["terminate_when_unhealthy"] = "false" });
        Assert.Equal(velocity - 1e-3, patient.Reward, 1e-12);
        Assert.False(patient.Terminated);

        using var still = (MuJoCoEnvironment)EnvironmentRegistry.Create(
            "HalfCheetah-v4", new Dictionary<string, string> { ["reset_noise_scale"] = "0" });
        still.Reset(new RandomStream(1), new float[17]);
        Assert.All(still.Positions.ToArray(), position => Assert.Equal(0, position));
        Assert.All(still.Velocities.ToArray(), velocity => Assert.Equal(0, velocity));
    }

    private static MuJoCoEnvironment Create(string name) => (MuJoCoEnvironment)EnvironmentRegistry.Create(name);
}
