using Rapid.Core;
using Rapid.Environments.Described;

namespace Rapid.Environments.Tests.Descriptions;

/// <summary>A folder with a small model and the tasks of a test.</summary>
internal sealed class TaskFolder : IDisposable
{
    /// <summary>A cart with a pole and a free box that falls beside it, a mocap body, a sensor, a tendon; the physics is easy to
    /// follow.</summary>
    private const string Model =
        """
        <mujoco>
          <compiler angle="radian"/>
          <option timestep="0.01" gravity="0 0 -10"/>
          <size njmax="50" nconmax="20" nstack="20000"/>
          <worldbody>
            <geom name="floor" type="plane" size="5 5 1"/>
            <body name="cart" pos="0 0 2">
              <joint name="slide" type="slide" axis="1 0 0" limited="true" range="-2 3"/>
              <geom type="box" size=".1 .1 .1" mass="2" contype="0" conaffinity="0"/>
              <site name="left-mark" pos="0 .5 0"/>
              <body name="pole" pos="0 0 0">
                <joint name="hinge" type="hinge" axis="0 1 0"/>
                <geom name="rod" type="capsule" fromto="0 0 0 0 0 1" size=".05" mass=".5" contype="0" conaffinity="0"/>
                <site name="top" pos="0 0 1"/>
              </body>
            </body>
            <body name="box" pos="4 0 5">
              <freejoint name="box"/>
              <geom name="box" type="box" size=".1 .2 .3" mass="1"/>
            </body>
            <body name="goal" mocap="true" pos="1 2 3">
              <geom name="goal" type="sphere" size=".2" contype="0" conaffinity="0"/>
            </body>
          </worldbody>
          <tendon>
            <fixed name="both"><joint joint="slide" coef="2"/><joint joint="hinge" coef="1"/></fixed>
          </tendon>
          <actuator>
            <motor name="push" joint="slide" gear="3" ctrllimited="true" ctrlrange="-2 2"/>
          </actuator>
          <sensor>
            <jointpos name="where" joint="slide"/>
            <framelinvel name="top_velocity" objtype="site" objname="top"/>
            <framelinvel name="box_velocity" objtype="xbody" objname="box"/>
          </sensor>
        </mujoco>
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-tasks-");

    public TaskFolder() => Write("model.xml", Model);

    public string Path => _folder.FullName;

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A task with what is given, on the model, with an observation and a reward unless they are given.</summary>
    public TaskDescription Read(string yaml)
    {
        var text = $"{(Has("model") ? "" : "model: model.xml\n")}{yaml}\n"
            + (Has("observation") ? "" : "observation: { all: qpos }\n") + (Has("reward") ? "" : "reward: { none: 0 }\n");
        return TaskReader.Read(text, System.IO.Path.Combine(Path, "task.yaml"));

        bool Has(string field) => yaml.Split('\n').Any(line => line.StartsWith(field + ":", StringComparison.Ordinal));
    }

    /// <summary>An environment in the state of a reset.</summary>
    public TaskEnvironment Start(string yaml, ulong seed = 1)
    {
        var environment = new TaskEnvironment(Read(yaml), new Dictionary<string, double>());
        environment.Reset(new RandomStream(seed), new float[environment.ObservationSpace.Size]);
        return environment;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

/// <summary>Reads what an environment shows, in double precision.</summary>
internal static class TaskValues
{
    public static double[] Observed(this TaskEnvironment environment, TaskDescription task) =>
        [.. task.Observation.SelectMany(term => Enumerable.Range(0, term.Value.Size).Select(i => term.Value.At(i, environment.State)))];

    public static StepResult Step(this TaskEnvironment environment, params float[] action) =>
        environment.Step(action, new float[environment.ObservationSpace.Size]);
}
