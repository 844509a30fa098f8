using Rapid.Core;
using Rapid.Environments.MuJoCo;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests.MuJoCo;

public sealed class TaskOptionTests
{
    private const string Everywhere = "frame_skip xml_file ";
    private const string Runner =
        "forward_reward_weight ctrl_cost_weight reset_noise_scale exclude_current_positions_from_observation ";
    private const string Faller = "healthy_reward terminate_when_unhealthy healthy_z_range ";
    private const string Parts = "include_cinert_in_observation include_cvel_in_observation include_qfrc_actuator_in_observation "
        + "include_cfrc_ext_in_observation ";

    /// <summary>Gymnasium's constructor arguments, without those of cameras.</summary>
    [Theory]
    [InlineData("HalfCheetah", Runner, Runner)]
    [InlineData(
        "Hopper", Runner + Faller + "healthy_state_range healthy_angle_range",
        Runner + Faller + "healthy_state_range healthy_angle_range")]
    [InlineData("Walker2d", Runner + Faller + "healthy_angle_range", Runner + Faller + "healthy_angle_range")]
    [InlineData(
        "Ant",
        Faller + "ctrl_cost_weight use_contact_forces contact_cost_weight contact_force_range reset_noise_scale "
        + "exclude_current_positions_from_observation",
        Runner + Faller + "contact_cost_weight contact_force_range main_body include_cfrc_ext_in_observation")]
    [InlineData("Humanoid", Runner + Faller, Runner + Faller + "contact_cost_weight contact_cost_range " + Parts)]
    [InlineData(
        "HumanoidStandup", "",
        Parts + "uph_cost_weight ctrl_cost_weight impact_cost_weight impact_cost_range reset_noise_scale "
        + "exclude_current_positions_from_observation")]
    [InlineData("Swimmer", Runner, Runner)]
    [InlineData("Reacher", "", "reward_dist_weight reward_control_weight")]
    [InlineData("Pusher", "", "reward_near_weight reward_dist_weight reward_control_weight")]
    [InlineData("InvertedPendulum", "", "reset_noise_scale")]
    [InlineData("InvertedDoublePendulum", "", "healthy_reward reset_noise_scale")]
    public void A_task_has_the_options_of_the_original(string body, string four, string five)
    {
        foreach (var (version, expected) in ((int, string)[])[(4, four), (5, five)])
        {
            var info = EnvironmentRegistry.Find($"{body}-v{version}")!;
            Assert.Equal((Everywhere + expected).Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), info.Options.Keys.Order());
        }
    }

    /// <summary>What a step of the third value's kind brings is multiplied as the option is.</summary>
    [Theory]
    [InlineData("HalfCheetah-v4", "forward_reward_weight", "3", "reward_run", 2)]
    [InlineData("HalfCheetah-v5", "ctrl_cost_weight", "0.5", "reward_ctrl", 4)]
    [InlineData("Hopper-v4", "forward_reward_weight", "0", "reward_forward", -1)]
    [InlineData("Hopper-v5", "ctrl_cost_weight", "0.01", "reward_ctrl", 9)]
    [InlineData("Hopper-v5", "healthy_reward", "4", "reward_survive", 3)]
    [InlineData("Walker2d-v4", "ctrl_cost_weight", "0", "reward_ctrl", -1)]
    [InlineData("Walker2d-v5", "forward_reward_weight", "2", "reward_forward", 1)]
    [InlineData("Walker2d-v5", "healthy_reward", "-1", "reward_survive", -2)]
    [InlineData("Ant-v4", "ctrl_cost_weight", "1", "reward_ctrl", 1)]
    [InlineData("Ant-v5", "forward_reward_weight", "3", "reward_forward", 2)]
    [InlineData("Ant-v5", "contact_cost_weight", "0.005", "reward_contact", 9)]
    [InlineData("Ant-v4", "healthy_reward", "2", "reward_survive", 1)]
    [InlineData("Humanoid-v4", "forward_reward_weight", "2.5", "reward_linvel", 1)]
    [InlineData("Humanoid-v4", "ctrl_cost_weight", "0.3", "reward_quadctrl", 2)]
    [InlineData("Humanoid-v5", "healthy_reward", "10", "reward_survive", 1)]
    [InlineData("Humanoid-v5", "contact_cost_weight", "1e-6", "reward_contact", 1)]
    [InlineData("HumanoidStandup-v5", "uph_cost_weight", "2", "reward_linup", 1)]
    [InlineData("HumanoidStandup-v5", "ctrl_cost_weight", "0", "reward_quadctrl", -1)]
    [InlineData("HumanoidStandup-v5", "impact_cost_weight", "1e-6", "reward_impact", 1)]
    [InlineData("Swimmer-v4", "forward_reward_weight", "2", "reward_fwd", 1)]
    [InlineData("Swimmer-v5", "ctrl_cost_weight", "1", "reward_ctrl", 9999)]
    [InlineData("Reacher-v5", "reward_dist_weight", "3", "reward_dist", 2)]
    [InlineData("Reacher-v5", "reward_control_weight", "0.1", "reward_ctrl", -0.9)]
    [InlineData("Pusher-v5", "reward_near_weight", "1", "reward_near", 1)]
    [InlineData("Pusher-v5", "reward_dist_weight", "0", "reward_dist", -1)]
    [InlineData("Pusher-v5", "reward_control_weight", "0.3", "reward_ctrl", 2)]
    [InlineData("InvertedDoublePendulum-v5", "healthy_reward", "5", "reward_survive", -0.5)]
    public void A_weight_multiplies_its_part_of_the_reward_and_no_other(string name, string option, string value, string part, double more)
    {
        using var standard = Tasks.Create(name);
        using var changed = Tasks.Create(name, (option, value));
        standard.Reset(new RandomStream(1), standard.NewObservation());
        changed.Reset(new RandomStream(1), changed.NewObservation());
        var random = new RandomStream(2);
        var differs = false;
        for (var t = 0; t < 30; t++)
        {
            var action = standard.RandomAction(random);
            var (expected, actual) = (standard.Step(action, standard.NewObservation()), changed.Step(action, changed.NewObservation()));

            Assert.Equal(expected.Reward + more * standard.Detail(part), actual.Reward, 1e-9 * (1 + Math.Abs(expected.Reward)));
            Assert.Equal(standard.Detail(part) * (1 + more), changed.Detail(part), 1e-9);
            differs |= expected.Reward != actual.Reward;
        }

        Assert.True(differs);
    }

    [Theory]
    [InlineData("Hopper-v4", "healthy_z_range", "1.3 2", 1, 1.25, 1.5)]
    [InlineData("Hopper-v5", "healthy_angle_range", "-1 1", 2, 1.5, 0.9)]
    [InlineData("Hopper-v5", "healthy_state_range", "(-0.5, 0.5)", 4, 0.6, 0.4)]
    [InlineData("Walker2d-v4", "healthy_z_range", "[-inf, 1.3]", 1, 1.5, -1)]
    [InlineData("Walker2d-v5", "healthy_angle_range", "-0.5 0.25", 2, 0.5, -0.25)]
    [InlineData("Ant-v4", "healthy_z_range", "0.5 inf", 2, 0.4, 3)]
    [InlineData("Humanoid-v5", "healthy_z_range", "1.2 1.5", 2, 1.1, 1.3)]
    public void A_range_says_what_is_healthy(string name, string option, string value, int position, double bad, double good)
    {
        using var environment = Tasks.Create(name, (option, value));
        foreach (var (at, isHealthy) in ((double, bool)[])[(bad, false), (good, true)])
        {
            var positions = environment.Model.Array("qpos0");
            positions[position] = at;
            Assert.Equal(!isHealthy, environment.Judge(positions, new double[environment.Velocities.Length]).Terminated);
        }
    }

    [Fact]
    public void Contact_forces_are_clipped_to_their_range_in_observation_and_cost()
    {
        foreach (var (name, forces) in ((string, int)[])[("Ant-v4", 84), ("Ant-v5", 78)])
        {
            using var environment = name == "Ant-v4"
                ? Tasks.Create(name, ("use_contact_forces", "true"), ("contact_force_range", "-0.25 0.5"), ("contact_cost_weight", "1"))
                : Tasks.Create(name, ("contact_force_range", "-0.25 0.5"), ("contact_cost_weight", "1"));
            Assert.Equal(27 + forces, environment.ObservationSize());
            var (random, low, high) = (new RandomStream(3), 0.0, 0.0);
            environment.Reset(random, environment.NewObservation());
            for (var t = 0; t < 60; t++)
            {
                environment.Step(environment.RandomAction(random), environment.NewObservation());
                var seen = environment.PreciseObservation[27..].ToArray();
                (low, high) = (Math.Min(low, seen.Min()), Math.Max(high, seen.Max()));
                Assert.Equal(-seen.Sum(force => force * force), environment.Detail("reward_contact"), 1e-12);
            }

            Assert.Equal((-0.25, 0.5), (low, high));
        }
    }

    [Theory]
    [InlineData("Humanoid-v5", "contact_cost_range", "reward_contact")]
    [InlineData("HumanoidStandup-v5", "impact_cost_range", "reward_impact")]
    public void The_charge_for_contacts_is_clipped_to_its_range(string name, string option, string part)
    {
        using var environment = Tasks.Create(name, (option, "2 3"));
        environment.Reset(new RandomStream(1), environment.NewObservation());
        environment.Step(new float[17], environment.NewObservation());
        Assert.Equal(-2, environment.Detail(part));
    }

    [Theory]
    [InlineData("HalfCheetah", 1)]
    [InlineData("Hopper", 1)]
    [InlineData("Walker2d", 1)]
    [InlineData("Swimmer", 2)]
    [InlineData("Ant", 2)]
    [InlineData("Humanoid", 2)]
    [InlineData("HumanoidStandup", 2)]
    public void Present_positions_are_observed_if_told_so(string body, int positions)
    {
        foreach (var version in body == "HumanoidStandup" ? (int[])[5] : [4, 5])
        {
            using var standard = Tasks.Create($"{body}-v{version}");
            using var environment = Tasks.Create($"{body}-v{version}", ("exclude_current_positions_from_observation", "false"));
            standard.Reset(new RandomStream(1), standard.NewObservation());
            environment.Reset(new RandomStream(1), environment.NewObservation());

            double[] expected = [.. environment.Positions[..positions], .. standard.PreciseObservation];
            Assert.Equal(expected, environment.PreciseObservation.ToArray());
        }
    }

    [Theory]
    [InlineData("cinert", 130)]
    [InlineData("cvel", 78)]
    [InlineData("qfrc_actuator", 17)]
    [InlineData("cfrc_ext", 78)]
    public void Parts_of_a_humanoids_observation_are_left_out_if_told_so(string part, int size)
    {
        foreach (var name in (string[])["Humanoid-v5", "HumanoidStandup-v5"])
        {
            using var environment = Tasks.Create(name, ($"include_{part}_in_observation", "false"));
            Assert.Equal(348 - size, environment.ObservationSize());
        }

        if (part == "cfrc_ext")
        {
            using var ant = Tasks.Create("Ant-v5", ("include_cfrc_ext_in_observation", "false"));
            Assert.Equal(27, ant.ObservationSize());
        }
    }

    [Fact]
    public void Without_noise_a_task_starts_in_the_models_default_state()
    {
        foreach (var info in Tasks.All.Where(info => info.Options.ContainsKey("reset_noise_scale")))
        {
            using var environment = Tasks.Create(info.Name, ("reset_noise_scale", "0"));
            environment.Reset(new RandomStream(1), environment.NewObservation());
            Assert.Equal(environment.Model.Array("qpos0"), environment.Positions.ToArray());
            Assert.All(environment.Velocities.ToArray(), velocity => Assert.Equal(0, velocity));
        }
    }

    [Fact]
    public void An_action_is_held_for_as_many_physics_steps_as_frame_skip_says()
    {
        foreach (var info in Tasks.All)
        {
            using var standard = Tasks.Create(info.Name);
            using var single = Tasks.Create(info.Name, ("frame_skip", "1"));
            standard.Reset(new RandomStream(1), standard.NewObservation());
            single.Reset(new RandomStream(1), single.NewObservation());
            var action = standard.RandomAction(new RandomStream(2));
            standard.Step(action, standard.NewObservation());
            var skip = info.Name switch
            {
                "Hopper-v4" or "Hopper-v5" or "Walker2d-v4" or "Walker2d-v5" or "Swimmer-v4" or "Swimmer-v5" => 4,
                "Reacher-v4" or "Reacher-v5" or "InvertedPendulum-v4" or "InvertedPendulum-v5" => 2,
                _ => 5,
            };
            for (var t = 0; t < skip; t++)
            {
                Assert.False(standard.Positions.SequenceEqual(single.Positions));
                single.Step(action, single.NewObservation());
            }

            Assert.Equal(standard.Positions, single.Positions);
        }
    }

    [Fact]
    public void The_main_body_is_a_name_or_a_number()
    {
        using var torso = Tasks.Create("Ant-v5");
        using var sameByName = Tasks.Create("Ant-v5", ("main_body", "torso"));
        using var leg = Tasks.Create("Ant-v5", ("main_body", "4"));
        var velocities = new List<double>();
        foreach (var environment in (MuJoCoEnvironment[])[torso, sameByName, leg])
        {
            environment.Reset(new RandomStream(1), environment.NewObservation());
            environment.Step([1, -1, 1, -1, 1, -1, 1, -1], environment.NewObservation());
            velocities.Add(environment.Detail("x_velocity"));
        }

        Assert.Equal(velocities[0], velocities[1]);
        Assert.NotEqual(velocities[0], velocities[2]);
    }

    [Theory]
    [InlineData("Hopper-v4", "frame_skip", "0", "'0' is not a whole number from 1 to 1000")]
    [InlineData("Hopper-v4", "frame_skip", "1001", "'1001' is not a whole number from 1 to 1000")]
    [InlineData("Hopper-v4", "frame_skip", "2.5", "is not a whole number")]
    [InlineData("Hopper-v4", "frame_skip", "99999999999", "is not a whole number")]
    [InlineData("Hopper-v4", "reset_noise_scale", "-0.1", "'-0.1' is not a number of at least 0")]
    [InlineData("Hopper-v4", "ctrl_cost_weight", "nan", "'nan' is not a number")]
    [InlineData("Hopper-v4", "healthy_z_range", "0.7", "is not two numbers, low and high")]
    [InlineData("Hopper-v4", "healthy_z_range", "2 1", "is not two numbers, low and high")]
    [InlineData("Hopper-v4", "healthy_z_range", "0 nan", "is not two numbers, low and high")]
    [InlineData("Hopper-v4", "terminate_when_unhealthy", "no", "is not true or false")]
    [InlineData("Hopper-v4", "healthy_range", "0 1", "did you mean 'healthy_z_range'?")]
    [InlineData("Ant-v4", "main_body", "torso", "unknown option")]
    [InlineData("Ant-v5", "use_contact_forces", "true", "unknown option")]
    [InlineData("Ant-v5", "main_body", "tail", "ant.xml' has no body 'tail', which Ant needs")]
    [InlineData("Ant-v5", "main_body", "14", "has no body 14; allowed: 0 to 13")]
    [InlineData("Reacher-v4", "reward_dist_weight", "1", "unknown option; known: ")]
    public void A_bad_option_is_refused_with_what_is_allowed(string name, string option, string value, string part)
    {
        var info = EnvironmentRegistry.Find(name)!;
        var problem = Assert.Single(EnvironmentRegistry.CheckOptions(info, new Dictionary<string, string> { [option] = value }));

        Assert.Equal(option, problem.Option);
        Assert.Contains(part, problem.Problem, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Tasks.Create(name, (option, value)));
    }

    [Theory]
    [InlineData("HalfCheetah", 1000, 4800.0)]
    [InlineData("Hopper", 1000, 3800.0)]
    [InlineData("Walker2d", 1000, null)]
    [InlineData("Ant", 1000, 6000.0)]
    [InlineData("Humanoid", 1000, null)]
    [InlineData("HumanoidStandup", 1000, null)]
    [InlineData("Swimmer", 1000, 360.0)]
    [InlineData("Reacher", 50, -3.75)]
    [InlineData("Pusher", 100, 0.0)]
    [InlineData("InvertedPendulum", 1000, 950.0)]
    [InlineData("InvertedDoublePendulum", 1000, 9100.0)]
    public void Limits_and_thresholds_are_those_of_the_original(string body, int steps, double? threshold)
    {
        Assert.Equal(22, Tasks.All.Count());
        foreach (var version in (int[])[4, 5])
        {
            var info = EnvironmentRegistry.Find($"{body}-v{version}")!;
            Assert.Equal((steps, threshold, "mujoco"), (info.MaxEpisodeSteps, info.RewardThreshold, info.Family));
            Assert.Null(info.Note);
        }
    }

    [Theory]
    [InlineData("Hopper-v3", "Hopper-v4")]
    [InlineData("Ant-v2", "Ant-v4")]
    [InlineData("InvertedDoublePendulum-v2", "InvertedDoublePendulum-v4")]
    [InlineData("Pusher-v3", null)]
    [InlineData("Hopper-v1", null)]
    public void An_old_name_stands_for_version_4_and_says_so(string old, string? name)
    {
        var info = EnvironmentRegistry.Find(old);

        Assert.Equal(name, info?.Name);
        if (info is not null)
        {
            Assert.Contains(old, info.Note, StringComparison.Ordinal);
            Assert.Contains(name!, info.Note, StringComparison.Ordinal);
            using var made = Tasks.Create(old, ("frame_skip", "3"));
            using var same = Tasks.Create(name!);
            Assert.Same(same.Model, made.Model);
            Assert.DoesNotContain(old, EnvironmentRegistry.Names);
        }
    }
}
