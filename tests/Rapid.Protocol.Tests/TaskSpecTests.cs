using Rapid.Core;
using Rapid.Specs;

namespace Rapid.Protocol.Tests;

public sealed class TaskSpecTests : IDisposable
{
    private static readonly string Example = Path.Combine(AppContext.BaseDirectory, "examples", "ball-on-beam");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-specs-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_example_of_a_task_is_found_beside_its_spec_and_learned_like_locomotion()
    {
        var options = SpecReader.ReadYaml(File.ReadAllText(Path.Combine(Example, "ppo.yaml")), folder: Example);

        Assert.Equal(Path.Combine(Example, "task.yaml"), options.Environment.Name);
        Assert.Equal(("ball-on-beam", 4, true, true), (
            options.Name, options.Actors.Environments, options.Normalization.Observations, options.Normalization.Rewards));
        using var environment = EnvironmentFactory.Create(options.Environment);
        Assert.Equal((5, 1), (environment.ObservationSpace.Size, environment.ActionSpace.Size));
        var observation = new float[5];
        environment.Reset(new RandomStream(1), observation);
        var steps = 1;
        while (environment.Step([0], observation) is { Truncated: false, Terminated: false })
        {
            steps++;
        }

        Assert.InRange(steps, 10, 250);
    }

    [Fact]
    public void A_spec_with_a_path_survives_the_wire_and_sets_the_task_s_options()
    {
        const string Yaml = "environment: { name: task.yaml, options: { control_weight: 0.5 } }";
        var options = SpecReader.ReadYaml(Yaml, folder: Example);

        var arrived = SpecReader.Read(SpecWriter.ToMessage(options));

        Assert.Equal(options.Environment.Name, arrived.Environment.Name);
        using var environment = EnvironmentFactory.Create(arrived.Environment);
        environment.Reset(new RandomStream(1), new float[5]);
        var free = environment.Step([0], new float[5]).Reward;
        environment.Reset(new RandomStream(1), new float[5]);
        Assert.Equal(0.5, free - environment.Step([1], new float[5]).Reward, 0.05);
    }

    [Fact]
    public void Files_that_a_spec_names_go_into_the_run_by_their_whole_paths()
    {
        var home = _folder.FullName;
        Directory.CreateDirectory(Path.Combine(home, "data"));
        File.Copy(Path.Combine(Example, "task.yaml"), Path.Combine(home, "Task.YML"));
        var models = Path.Combine(AppContext.BaseDirectory, "models");
        File.Copy(Path.Combine(models, "hopper.xml"), Path.Combine(home, "own.xml"));
        File.Copy(Path.Combine(models, "scene.xml"), Path.Combine(home, "scene.xml"));
        foreach (var model in Directory.GetFiles(Example, "*.xml"))
        {
            File.Copy(model, Path.Combine(home, Path.GetFileName(model)));
        }

        var options = SpecReader.ReadYaml("environment: { name: Task.YML }", folder: home);
        Assert.Equal(Path.Combine(home, "Task.YML"), options.Environment.Name);

        const string Yaml =
            """
            environment: { name: Hopper-v4, options: { xml_file: own.xml } }
            algorithm: { name: sac }
            offline: true
            replay: { data: data/../data }
            """;
        options = SpecReader.ReadYaml(Yaml, folder: home);
        Assert.Equal(Path.Combine(home, "own.xml"), options.Environment.Options["xml_file"]);
        Assert.Equal(Path.Combine(home, "data"), options.Replay.Data);

        // What is not here may be on the machine of the run.
        Assert.Equal("elsewhere", SpecReader.ReadYaml(Yaml, ["replay.data=elsewhere"], home).Replay.Data);
    }

    [Theory]
    [InlineData("[0.5, 1]")]
    [InlineData("[0.5,1]")]
    [InlineData("0.5 1")]
    [InlineData("'(0.5, 1.0)'")]
    public void Two_numbers_may_be_a_list_and_survive_the_wire(string range)
    {
        var options = SpecReader.ReadYaml($"environment: {{ name: Ant-v4, options: {{ healthy_z_range: {range} }} }}");

        Assert.Equal(options.Environment.Options, SpecReader.Read(SpecWriter.ToMessage(options)).Environment.Options);
        EnvironmentFactory.Create(options.Environment).Dispose();
    }

    [Theory]
    [InlineData("{ name: nowhere.yaml }", "environment.name", "'nowhere.yaml' is not there: no such file on this machine")]
    [InlineData("{ name: task.yaml, options: { wieght: 1 } }", "environment.options.wieght", "unknown option")]
    [InlineData("{ name: task.yaml, options: { control_weight: x } }", "environment.options.control_weight", "'x' is not a number (0.05)")]
    public void What_is_wrong_with_the_use_of_a_task_is_named(string environment, string path, string message)
    {
        var error = Assert.Throws<SpecException>(() => SpecReader.ReadYaml($"environment: {environment}", folder: Example));
        var problem = Assert.Single(error.Problems);
        Assert.Equal(path, problem.Path);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_problem_of_a_task_is_one_of_the_spec()
    {
        foreach (var file in Directory.EnumerateFiles(Example))
        {
            File.Copy(file, Path.Combine(_folder.FullName, Path.GetFileName(file)));
        }

        var task = Path.Combine(_folder.FullName, "task.yaml");
        File.WriteAllText(task, File.ReadAllText(task).Replace("joint.tilt.", "joint.tlit.", StringComparison.Ordinal) + "seed: 1\n");

        var error = Assert.Throws<SpecException>(
            () => SpecReader.ReadYaml("environment: { name: task.yaml }\nseed: x", folder: _folder.FullName));

        Assert.Equal(["environment.name", "environment.name", "seed"], error.Problems.Select(problem => problem.Path).Order());
        Assert.Contains(error.Problems, problem => problem.Message.Contains("did you mean tilt?", StringComparison.Ordinal));
        Assert.Contains(error.Problems, problem => problem.Message.Contains("'seed' is no field of a task", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("dm.walker.run", "sac")]
    [InlineData("OneLeg-v0", "ppo")]
    public void Tasks_that_ship_have_the_defaults_of_locomotion(string name, string algorithm)
    {
        var options = SpecReader.ReadYaml($"{{ environment: {{ name: {name} }}, algorithm: {{ name: {algorithm} }} }}");
        Assert.Equal((name, 1_000_000L), (options.Environment.Name, options.TotalSteps));
        Assert.Equal($"{name}-{algorithm}".ToLowerInvariant(), options.Name);
    }
}
