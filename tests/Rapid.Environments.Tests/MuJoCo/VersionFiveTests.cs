using System.Text.Json;
using Rapid.Core;

namespace Rapid.Environments.Tests.MuJoCo;

/// <summary>
/// Version 5 against version 4's traces: the physics of nine tasks is the same, so their observations and rewards follow from what the
/// traces hold. The two that have other models are scored by hand from the states that they reach.
/// </summary>
public sealed class VersionFiveTests
{
    [Theory]
    [InlineData("HalfCheetah")]
    [InlineData("Hopper")]
    [InlineData("Ant")]
    [InlineData("Humanoid")]
    [InlineData("HumanoidStandup")]
    [InlineData("Swimmer")]
    [InlineData("Reacher")]
    [InlineData("InvertedPendulum")]
    [InlineData("InvertedDoublePendulum")]
    public void Observations_and_rewards_follow_from_the_trace_of_version_4(string body)
    {
        var trace = Golden.Read($"mujoco/{body}-v4.json");
        using var environment = Tasks.Create($"{body}-v5");
        using var forces = body == "Ant" ? Tasks.Create("Ant-v4", ("use_contact_forces", "true")) : null;
        environment.SetState(trace.GetProperty("init_qpos").Numbers(), trace.GetProperty("init_qvel").Numbers());
        forces?.SetState(trace.GetProperty("init_qpos").Numbers(), trace.GetProperty("init_qvel").Numbers());
        AssertNear(Observed(body, trace.GetProperty("obs0").Numbers(), new double[84]), environment.PreciseObservation, 1e-14);
        var steps = trace.GetProperty("actions").Rows().Length;
        var paidLess = 0;

        for (var t = 0; t < steps; t++)
        {
            var action = At("actions", t).Numbers();
            var result = environment.Step(Golden.Floats(action), environment.NewObservation());
            forces?.Step(Golden.Floats(action), forces.NewObservation());

            var (old, terminated) = (At("obs", t).Numbers(), At("terminated", t).GetBoolean());
            var contacts = forces is not null ? forces.PreciseObservation[27..].ToArray() : old.Length == 376 ? old[292..] : [];
            var contactSquares = contacts.Sum(force => force * force);
            var reward = At("reward", t).GetDouble() - body switch
            {
                "Hopper" => terminated ? 1 : 0,
                "Ant" => (terminated ? 1 : 0) + 5e-4 * contactSquares,
                "Humanoid" => (terminated ? 5 : 0) + Math.Min(5e-7 * contactSquares, 10),
                "InvertedPendulum" => terminated ? 1 : 0,
                "InvertedDoublePendulum" => terminated ? 10 : 0,
                _ => 0,
            };
            if (body == "Reacher")
            {
                reward = -Math.Sqrt(old[8] * old[8] + old[9] * old[9] + old[10] * old[10]) - action.Sum(a => a * a);
            }

            Assert.Equal(At("qpos", t).Numbers(), environment.Positions);
            AssertNear(Observed(body, old, contacts), environment.PreciseObservation, 1e-14);
            AssertNear([reward], [result.Reward], 1e-12);
            Assert.Equal(terminated, result.Terminated);
            paidLess += result.Reward < At("reward", t).GetDouble() - 1e-9 ? 1 : 0;
        }

        Assert.Equal(body is "HalfCheetah" or "HumanoidStandup" or "Swimmer", paidLess == 0);

        JsonElement At(string property, int t) => trace.GetProperty(property)[t];
    }

    [Fact]
    public void Only_the_grip_of_the_walkers_right_foot_differs()
    {
        using var environment = Tasks.Create("Walker2d-v5");
        var differing = new List<string>();
        foreach (var array in Golden.Read("mujoco/Walker2d-v4.model.json").GetProperty("physics").EnumerateObject())
        {
            var (expected, actual) = (array.Value.GetProperty("data").Numbers(), environment.Model.Array(array.Name));
            differing.AddRange(Enumerable.Range(0, expected.Length).Where(i => expected[i] != actual[i]).Select(i => $"{array.Name}[{i}]"));
        }

        const int RightFoot = 4;
        Assert.Equal([$"geom_friction[{3 * RightFoot}]"], differing);
        Assert.Equal(1.9, environment.Model.Array("geom_friction")[3 * RightFoot]);
    }

    [Fact]
    public void The_pushers_object_is_one_cylinder_of_a_thousandfold_density()
    {
        using var old = Tasks.Create("Pusher-v4");
        using var environment = Tasks.Create("Pusher-v5");
        const int Object = 11;
        var (oldMasses, masses) = (old.Model.Array("body_mass"), environment.Model.Array("body_mass"));

        Assert.Equal((21, 20), (old.Model.Array("geom_type").Length, environment.Model.Array("geom_type").Length));
        Assert.Equal(0.01 * Math.PI * 0.05 * 0.05 * 0.1, masses[Object], 1e-15);
        Assert.Equal(1e-5 * Math.PI * 0.05 * 0.05 * (0.1 + 4.0 / 3 * 0.05), oldMasses[Object], 1e-15);
        Assert.Equal(13.673004481, masses.Sum(), 1e-9);
        oldMasses[Object] = masses[Object] = 0;
        Assert.Equal(oldMasses, masses);
    }

    [Fact]
    public void The_walker_is_scored_from_the_states_that_it_reaches()
    {
        var trace = Golden.Read("mujoco/Walker2d-v4.json");
        using var environment = Tasks.Create("Walker2d-v5");
        environment.SetState(trace.GetProperty("init_qpos").Numbers(), trace.GetProperty("init_qvel").Numbers());
        var falls = 0;
        foreach (var action in trace.GetProperty("actions").Rows())
        {
            var before = environment.Positions[0];
            var result = environment.Step(Golden.Floats(action), environment.NewObservation());
            double[] positions = environment.Positions.ToArray(), velocities = environment.Velocities.ToArray();

            var isHealthy = positions[1] > 0.8 && positions[1] < 2 && positions[2] > -1 && positions[2] < 1;
            var reward = (positions[0] - before) / 0.008 + (isHealthy ? 1 : 0) - 1e-3 * action.Sum(a => a * a);
            AssertNear([reward], [result.Reward], 1e-12);
            Assert.Equal(!isHealthy, result.Terminated);
            Assert.Equal([.. positions[1..], .. velocities.Select(v => Math.Clamp(v, -10, 10))], environment.PreciseObservation);
            falls += isHealthy ? 0 : 1;
        }

        Assert.InRange(falls, 1, 199);
    }

    [Fact]
    public void The_pusher_is_charged_for_where_the_step_led()
    {
        var trace = Golden.Read("mujoco/Pusher-v4.json");
        using var environment = Tasks.Create("Pusher-v5");
        environment.SetState(trace.GetProperty("init_qpos").Numbers(), trace.GetProperty("init_qvel").Numbers());
        var before = environment.PreciseObservation.ToArray();
        foreach (var action in trace.GetProperty("actions").Rows())
        {
            var result = environment.Step(Golden.Floats(action), environment.NewObservation());

            var after = environment.PreciseObservation.ToArray();
            AssertNear([Charge(after, action)], [result.Reward], 1e-12);
            Assert.NotEqual(Charge(before, action), result.Reward);
            Assert.Equal(environment.Positions[..7], after[..7]);
            Assert.Equal(environment.Velocities[..7], after[7..14]);
            before = after;
        }

        static double Charge(double[] seen, double[] action)
        {
            double[] tip = seen[14..17], thing = seen[17..20], goal = seen[20..23];
            return -Norm(thing, goal) - 0.1 * action.Sum(a => a * a) - 0.5 * Norm(thing, tip);
        }

        static double Norm(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
    }

    [Fact]
    public void Both_versions_start_alike()
    {
        foreach (var old in Tasks.All.Where(info => info.Name.EndsWith("-v4", StringComparison.Ordinal)))
        {
            using var four = Tasks.Create(old.Name);
            using var five = Tasks.Create(old.Name[..^1] + "5");
            four.Reset(new RandomStream(5), four.NewObservation());
            five.Reset(new RandomStream(5), five.NewObservation());

            Assert.Equal(four.Positions, five.Positions);
            Assert.Equal(four.Velocities, five.Velocities);
        }
    }

    /// <summary>What version 5 makes of version 4's observation.</summary>
    /// <param name="body">The task.</param>
    /// <param name="old">Version 4's.</param>
    /// <param name="forces">[84] clipped contact forces of the ant.</param>
    private static double[] Observed(string body, double[] old, double[] forces) => body switch
    {
        "Ant" => [.. old, .. forces[6..]],
        "Humanoid" or "HumanoidStandup" => [.. old[..45], .. old[55..185], .. old[191..269], .. old[275..292], .. old[298..]],
        "Reacher" => old[..10],
        "InvertedDoublePendulum" => old[..9],
        _ => old,
    };

    private static void AssertNear(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance) =>
        Assert.InRange(Golden.Distance(expected, actual), 0, tolerance);
}
