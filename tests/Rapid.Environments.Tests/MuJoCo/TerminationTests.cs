using Rapid.Core;
using Rapid.Environments.MuJoCo;

namespace Rapid.Environments.Tests.MuJoCo;

/// <summary>Rules at their boundaries: what is judged is the state itself, not one that a step led to.</summary>
public sealed class TerminationTests
{
    /// <summary>Position, value, and whether the body is healthy.</summary>
    public static TheoryData<string, int, double, bool> Boundaries()
    {
        var data = new TheoryData<string, int, double, bool>();
        Strict("Hopper", 1, 0.7, double.PositiveInfinity);
        Strict("Hopper", 2, -0.2, 0.2);
        Strict("Hopper", 3, -100, 100);
        Strict("Walker2d", 1, 0.8, 2);
        Strict("Walker2d", 2, -1, 1);
        Strict("Humanoid", 2, 1, 2);
        data.Add("Ant", 2, 0.2, true);
        data.Add("Ant", 2, 1, true);
        data.Add("Ant", 2, Math.BitDecrement(0.2), false);
        data.Add("Ant", 2, Math.BitIncrement(1.0), false);
        data.Add("InvertedPendulum", 1, 0.2, true);
        data.Add("InvertedPendulum", 1, -0.2, true);
        data.Add("InvertedPendulum", 1, Math.BitIncrement(0.2), false);
        data.Add("InvertedPendulum", 1, Math.BitDecrement(-0.2), false);
        return data;

        void Strict(string body, int position, double low, double high)
        {
            data.Add(body, position, low, false);
            data.Add(body, position, Math.BitIncrement(low), true);
            if (double.IsFinite(high))
            {
                data.Add(body, position, high, false);
                data.Add(body, position, Math.BitDecrement(high), true);
            }
        }
    }

    [Theory, MemberData(nameof(Boundaries))]
    public void A_body_is_healthy_up_to_its_limits_and_not_beyond(string body, int position, double value, bool isHealthy)
    {
        var bonus = body == "Humanoid" ? 5 : 1;
        using var four = Tasks.Create($"{body}-v4");
        using var five = Tasks.Create($"{body}-v5");
        foreach (var environment in (MuJoCoEnvironment[])[four, five])
        {
            var positions = environment.Model.Array("qpos0");
            positions[position] = value;
            var velocities = new double[environment.Velocities.Length];

            var result = environment.Judge(positions, velocities);

            Assert.Equal(!isHealthy, result.Terminated);
            Assert.Equal(environment == four || isHealthy ? bonus : 0, result.Reward);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void A_hoppers_velocities_are_judged_unclipped(int velocity)
    {
        using var environment = Tasks.Create("Hopper-v4");
        var velocities = new double[6];
        velocities[velocity] = Math.BitDecrement(100.0);
        Assert.False(environment.Judge([0, 1.25, 0, 0, 0, 0], velocities).Terminated);
        velocities[velocity] = 100;
        Assert.True(environment.Judge([0, 1.25, 0, 0, 0, 0], velocities).Terminated);
        Assert.Equal(10, environment.PreciseObservation[5 + velocity]);
    }

    [Fact]
    public void A_double_pendulum_ends_when_its_tip_is_one_metre_up_or_lower()
    {
        foreach (var (name, last) in ((string, double)[])[("InvertedDoublePendulum-v4", 9), ("InvertedDoublePendulum-v5", -1)])
        {
            using var environment = Tasks.Create(name);
            environment.SetState([0, 0, 0], [0, 0, 0]);
            var tip = environment.Simulation.State("site_xpos");
            (tip[0], tip[2]) = (0, 1);

            var result = environment.Finish();
            Assert.True(result.Terminated);
            Assert.Equal(last, result.Reward);

            tip[2] = Math.BitIncrement(1.0);
            result = environment.Finish();
            Assert.False(result.Terminated);
            Assert.Equal(9, result.Reward, 1e-12);
        }
    }

    [Theory]
    [InlineData("Hopper", 1, 0.1, 1)]
    [InlineData("Walker2d", 1, 0.1, 1)]
    [InlineData("Ant", 2, 0.1, 1)]
    [InlineData("Humanoid", 2, 0.1, 5)]
    public void A_fall_is_not_the_end_if_told_so_and_then_earns_nothing(string body, int position, double value, double bonus)
    {
        foreach (var version in (int[])[4, 5])
        {
            using var environment = Tasks.Create($"{body}-v{version}", ("terminate_when_unhealthy", "false"));
            var positions = environment.Model.Array("qpos0");
            Assert.Equal(new StepResult(bonus, Terminated: false), environment.Judge(positions, new double[environment.Velocities.Length]));

            positions[position] = value;
            Assert.Equal(new StepResult(0, Terminated: false), environment.Judge(positions, new double[environment.Velocities.Length]));
        }
    }

    [Theory]
    [InlineData("HalfCheetah")]
    [InlineData("HumanoidStandup")]
    [InlineData("Swimmer")]
    [InlineData("Reacher")]
    [InlineData("Pusher")]
    public void Other_tasks_never_end(string body)
    {
        foreach (var version in (int[])[4, 5])
        {
            using var environment = Tasks.Create($"{body}-v{version}");
            var random = new RandomStream(3);
            environment.Reset(random, environment.NewObservation());
            for (var t = 0; t < 300; t++)
            {
                var result = environment.Step(environment.RandomAction(random), environment.NewObservation());
                Assert.False(result.Terminated || result.Truncated || result.Breakdown is not null);
            }
        }
    }
}
