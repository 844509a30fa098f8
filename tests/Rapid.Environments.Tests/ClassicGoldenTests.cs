using System.Text.Json.Nodes;
using Rapid.Environments.Classic;

namespace Rapid.Environments.Tests;

public class ClassicGoldenTests
{
    private const double Tolerance = 1e-10;

    // Observations are single precision: a last-bit difference of the state may round to the neighbouring number.
    private const double SingleRounding = 1.2e-7;

    public static TheoryData<string, int> Traces()
    {
        var traces = new TheoryData<string, int>();
        foreach (var name in new[] { "CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0" })
        {
            traces.Add(name, 0);
            traces.Add(name, 1);
        }

        return traces;
    }

    [Theory]
    [MemberData(nameof(Traces))]
    public void Two_hundred_steps_equal_the_reference(string name, int index)
    {
        var trace = Golden.Load($"classic/{name}.json")["traces"]![index]!;
        using var environment = EnvironmentRegistry.Create(name);
        var observation = new float[((BoxSpace)environment.ObservationSpace).Size];
        SetState(environment, Golden.Doubles(trace["init_state"]));
        for (var t = 0; t < 200; t++)
        {
            var result = environment.Step(Golden.Floats(trace["actions"]![t]), observation);
            Assert.True(Golden.Error(State(environment), Golden.Doubles(trace["state"]![t])) <= Tolerance, $"state of step {t}");
            double[] observed = [.. observation.Select(value => (double)value)];
            Assert.True(Golden.Error(observed, Golden.Doubles(trace["obs"]![t])) <= SingleRounding, $"observation of step {t}");
            Assert.True(Golden.Error([result.Reward], Golden.Doubles(trace["reward"]![t])) <= Tolerance, $"reward of step {t}");
            Assert.Equal((bool)trace["terminated"]![t]!, result.Terminated);
        }
    }

    [Theory]
    [InlineData("CartPole-v1")]
    [InlineData("Pendulum-v1")]
    [InlineData("Acrobot-v1")]
    [InlineData("MountainCar-v0")]
    [InlineData("MountainCarContinuous-v0")]
    public void Limits_and_thresholds_equal_the_reference(string name)
    {
        var facts = Golden.Load($"classic/{name}.json");
        var info = EnvironmentRegistry.Find(name)!;
        Assert.Equal((int)facts["max_episode_steps"]!, info.MaxEpisodeSteps);
        Assert.Equal((double?)facts["reward_threshold"], info.RewardThreshold);
    }

    private static double[] State(IEnvironment environment) => environment switch
    {
        CartPole e => [e.State.X, e.State.V, e.State.Angle, e.State.AngularVelocity],
        Pendulum e => [e.State.Angle, e.State.Speed],
        Acrobot e => [e.State.Angle1, e.State.Angle2, e.State.Speed1, e.State.Speed2],
        MountainCar e => [e.State.Position, e.State.Velocity],
        MountainCarContinuous e => [e.State.Position, e.State.Velocity],
        _ => throw new ArgumentException("no state accessor", nameof(environment)),
    };

    private static void SetState(IEnvironment environment, double[] s)
    {
        switch (environment)
        {
            case CartPole e: e.State = (s[0], s[1], s[2], s[3]); break;
            case Pendulum e: e.State = (s[0], s[1]); break;
            case Acrobot e: e.State = (s[0], s[1], s[2], s[3]); break;
            case MountainCar e: e.State = (s[0], s[1]); break;
            case MountainCarContinuous e: e.State = (s[0], s[1]); break;
        }
    }
}
