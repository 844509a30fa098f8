using Rapid.Core;
using Rapid.Environments.MuJoCo;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests.MuJoCo;

/// <summary>What tests of the MuJoCo tasks share.</summary>
internal static class Tasks
{
    public static IEnumerable<EnvironmentInfo> All => EnvironmentRegistry.All.Where(info => info.IsMuJoCo);

    public static MuJoCoEnvironment Create(string name, params (string Option, string Value)[] options) =>
        (MuJoCoEnvironment)EnvironmentRegistry.Create(name, options.ToDictionary(option => option.Option, option => option.Value));

    public static int ObservationSize(this MuJoCoEnvironment environment) => environment.ObservationSpace.Size;

    public static float[] NewObservation(this MuJoCoEnvironment environment) => new float[environment.ObservationSpace.Size];

    /// <summary>A value of the last step by its name.</summary>
    public static double Detail(this MuJoCoEnvironment environment, string name) =>
        environment.Info[Array.IndexOf([.. environment.InfoNames], name)];

    /// <summary>What a step would return that led to exactly this state.</summary>
    public static StepResult Judge(this MuJoCoEnvironment environment, double[] positions, double[] velocities)
    {
        environment.SetState(positions, velocities);
        ((IPhysicsEnvironment)environment).Begin(new float[environment.ActionSpace.Size]);
        return environment.Finish();
    }

    /// <summary>The half of a step after the physics.</summary>
    public static StepResult Finish(this MuJoCoEnvironment environment) =>
        ((IPhysicsEnvironment)environment).End(breakdown: null, environment.NewObservation());

    /// <summary>A random action within the task's range.</summary>
    public static float[] RandomAction(this MuJoCoEnvironment environment, RandomStream random)
    {
        var space = (BoxSpace)environment.ActionSpace;
        return [.. Enumerable.Range(0, space.Size).Select(i => (float)random.NextUniform(space.Low[i], space.High[i]))];
    }
}
