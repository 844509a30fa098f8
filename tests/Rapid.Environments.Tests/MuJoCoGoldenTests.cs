using Rapid.Environments.MuJoCo;

namespace Rapid.Environments.Tests;

public class MuJoCoGoldenTests
{
    [Theory]
    [InlineData("HalfCheetah-v4")]
    [InlineData("Hopper-v4")]
    public void Every_physics_array_of_the_compiled_model_is_equal(string name)
    {
        using var environment = (MuJoCoEnvironment)EnvironmentRegistry.Create(name);
        var physics = Golden.Load($"mujoco/{name}.model.json")["physics"]!.AsObject();
        Assert.True(physics.Count > 60);
        foreach (var (array, facts) in physics)
        {
            Assert.True(Golden.Doubles(facts!["data"]).AsSpan().SequenceEqual(environment.Model.Array(array)), array);
        }
    }

    [Theory]
    [InlineData("HalfCheetah-v4")]
    [InlineData("Hopper-v4")]
    public void The_whole_trace_is_equal(string name)
    {
        using var environment = (MuJoCoEnvironment)EnvironmentRegistry.Create(name);
        var trace = Golden.Load($"mujoco/{name}.json");
        environment.SetState(Golden.Doubles(trace["init_qpos"]), Golden.Doubles(trace["init_qvel"]));
        Assert.Equal(0, Golden.Error(environment.PreciseObservation, Golden.Doubles(trace["obs0"])));
        var observation = new float[environment.PreciseObservation.Length];
        for (var t = 0; t < 200; t++)
        {
            var result = environment.Step(Golden.Floats(trace["actions"]![t]), observation);
            Assert.Equal(0, Golden.Error(environment.Positions, Golden.Doubles(trace["qpos"]![t])));
            Assert.Equal(0, Golden.Error(environment.Velocities, Golden.Doubles(trace["qvel"]![t])));
            Assert.True(Golden.Error(environment.PreciseObservation, Golden.Doubles(trace["obs"]![t])) <= 1e-14, $"observation of step {t}");
            Assert.True(Golden.Error([result.Reward], Golden.Doubles(trace["reward"]![t])) <= 1e-12, $"reward of step {t}");
            Assert.Equal((bool)trace["terminated"]![t]!, result.Terminated);
        }
    }

    [Theory]
    [InlineData("HalfCheetah-v4")]
    [InlineData("Hopper-v4")]
    public void Every_probe_is_within_1e_10(string name)
    {
        using var environment = (MuJoCoEnvironment)EnvironmentRegistry.Create(name);
        var observation = new float[environment.PreciseObservation.Length];
        foreach (var probe in Golden.Load($"mujoco/{name}.json")["probes"]!.AsArray())
        {
            environment.SetState(Golden.Doubles(probe!["qpos"]), Golden.Doubles(probe["qvel"]));
            var result = environment.Step(Golden.Floats(probe["action"]), observation);
            Assert.True(Golden.Error(environment.PreciseObservation, Golden.Doubles(probe["obs"])) <= 1e-10);
            Assert.True(Golden.Error(environment.Positions, Golden.Doubles(probe["qpos_after"])) <= 1e-10);
            Assert.True(Golden.Error([result.Reward], Golden.Doubles(probe["reward"])) <= 1e-10);
            Assert.Equal((bool)probe["terminated"]!, result.Terminated);
        }
    }

    [Fact]
    public void A_state_that_blows_up_is_reported_instead_of_silently_reset()
    {
        using var environment = (MuJoCoEnvironment)EnvironmentRegistry.Create("HalfCheetah-v4");
        var velocities = new double[9];
        velocities[3] = 1e12;
        environment.SetState(new double[9], velocities);
        Assert.True(environment.Step(new float[6], new float[17]).Diverged);
    }

    [Fact]
    public void An_internal_error_of_MuJoCo_comes_back_with_its_message()
    {
        using var environment = EnvironmentRegistry.Create("Hopper-v4");
        Assert.Equal(MuJoCoNative.Failed, MuJoCoNative.Fail("the stack is full"));
        Assert.Contains("the stack is full", MuJoCoNative.Message(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_file_that_does_not_load_says_why()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "<mujoco><worldbody><body><geom type='cube'/></body></worldbody></mujoco>");
        var error = Assert.Throws<MuJoCoException>(() => MuJoCoModel.Load(path));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("geom", error.Message, StringComparison.Ordinal);
        File.Delete(path);
    }
}
