namespace Rapid.Cli.Tests;

public sealed class OwnEnvironmentTests : IDisposable
{
    private const string Model =
        """
        <mujoco>
          <size njmax="10" nconmax="5" nstack="10000"/>
          <worldbody>
            <body name="cart">
              <joint name="slide" type="slide" axis="1 0 0" limited="true" range="-1 1"/>
              <geom type="box" size=".1 .1 .1" mass="1"/>
            </body>
          </worldbody>
          <actuator><motor name="push" joint="slide" ctrllimited="true" ctrlrange="-1 1"/></actuator>
        </mujoco>
        """;

    private const string Description =
        """
        model: cart.xml
        frame_skip: 10
        episode_steps: 20
        summary: push a cart to the middle
        options: { weight: 0.01 }
        reset: { scatter: limited }
        observation: { place: joint.slide.pos, speed: joint.slide.vel }
        reward: { near: 'tolerance(joint.slide.pos, 0, 0, 1)', push: '-weight * sum(action^2)' }
        """;

    private readonly TestFolder _folder = new();

    private static string Plugins => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../SamplePlugin/release"));

    private static Dictionary<string, string> WithPlugins => new() { ["RAPID_PLUGINS"] = Plugins };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("near: 100", "rejected")]
    [InlineData("unit: 0", "finite")]
    public async Task A_task_that_never_begins_with_the_options_of_the_run_is_refused_before_there_is_a_run(string option, string reason)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "cart.xml"), Model);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "task.yaml"), Description
            .Replace("{ weight: 0.01 }", "{ weight: 0.01, near: 0, unit: 1 }", StringComparison.Ordinal)
            .Replace("{ scatter: limited }", "{ scatter: limited, reject: abs(joint.slide.pos) < near }", StringComparison.Ordinal)
            .Replace("place: joint.slide.pos,", "place: joint.slide.pos / unit,", StringComparison.Ordinal));
        var spec = _folder.Spec($"{{ environment: {{ name: task.yaml, options: {{ {option} }} }} }}");

        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);

        Assert.True(exitCode == 2, output);
        Assert.Contains("environment: ", output, StringComparison.Ordinal);
        Assert.Contains(reason, output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Runs));
    }

    [Theory]
    [InlineData(false, 199, 201)]
    [InlineData(true, 300, 500)]
    public async Task A_policy_of_ppo_reaches_into_a_box_far_from_zero_where_its_actions_are_rescaled(bool rescale, double low, double high)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "cart.xml"), Model.Replace(
            "ctrlrange=\"-1 1\"", "ctrlrange=\"10 30\"", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "task.yaml"), Description.Replace(
            "near: 'tolerance(joint.slide.pos, 0, 0, 1)', push: '-weight * sum(action^2)'", "push: sum(action)", StringComparison.Ordinal));
        var spec = _folder.Spec(
            $$"""
            environment: { name: task.yaml, rescale_actions: {{(rescale ? "true" : "false")}} }
            total_steps: 64
            algorithm: { rollout_steps: 32, minibatches: 2 }
            evaluation: { interval_steps: 0, final_episodes: 2 }
            """);

        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(exitCode == 0, output + run.Log);
        Assert.Equal(!rescale, run.Log.Contains("environment.rescale_actions: true", StringComparison.Ordinal));

        // Twenty steps of actions around the middle, 20, or clipped to the edge, 10.
        var score = (double)run.Evaluations()[^1]["return_mean"]!;
        Assert.InRange(score, low, high);
        Assert.All(run.Metrics().Where(line => line.ContainsKey("return_mean")), line =>
            Assert.InRange((double?)line["return_mean"] ?? low, low, high));
        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "eval", run.Path, "--episodes", "2");
        Assert.True(exitCode == 0, output);
        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "play", run.Path, "--episodes", "1", "--out", "end.png");
        Assert.True(exitCode == 0, output);
        var shown = double.Parse(
            System.Text.RegularExpressions.Regex.Match(output, @"return (\d+(\.\d+)?)").Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(shown, low, high);
    }

    [Theory]
    [InlineData("environment: { name: Free-v0 }\nalgorithm: { name: sac }", "the policy squashes actions into their box, which must be finite")]
    [InlineData("environment: { name: Free-v0, rescale_actions: true }", "rescale_actions needs actions in a box with all bounds finite")]
    [InlineData("environment: { name: Corridor-v0, rescale_actions: true }", "not discrete 2")]
    public async Task A_box_without_bounds_is_refused_with_the_spec_before_there_is_a_run(string spec, string reason)
    {
        await using var train = RapidProcess.Start(_folder.Path, ["train", _folder.Spec(spec)], WithPlugins);
        Assert.True(await train.WaitAsync() == 2, train.Output);
        Assert.Contains("environment: ", train.Output, StringComparison.Ordinal);
        Assert.Contains(reason, train.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Runs));
    }

    [Fact]
    public async Task A_task_is_described_learned_and_refused_with_its_lines_when_it_is_wrong()
    {
        var home = Directory.CreateDirectory(Path.Combine(_folder.Path, "mine")).FullName;
        await File.WriteAllTextAsync(Path.Combine(home, "cart.xml"), Model);
        await File.WriteAllTextAsync(Path.Combine(home, "task.yaml"), Description);
        await File.WriteAllTextAsync(
            Path.Combine(home, "spec.yaml"),
            """
            environment: { name: task.yaml, options: { weight: 0.02 } }
            total_steps: 128
            actors: { environments: 2 }
            algorithm: { rollout_steps: 32, minibatches: 2 }
            evaluation: { interval_steps: 0, final_episodes: 2 }
            """);

        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs", "mine/task.yaml");
        Assert.Equal(0, exitCode);
        string[] facts =
            ["push a cart to the middle", "place 0, speed 1", "near + push", "cart.xml, 10 physics steps a step of 0.02 s", "20 steps"];
        Assert.All(facts, fact => Assert.Contains(fact, output, StringComparison.Ordinal));

        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", "mine/spec.yaml");
        Assert.True(exitCode == 0, output);
        Assert.InRange((double)RunFolder.Single(_folder.Runs).Evaluations()[^1]["return_mean"]!, 0, 20);

        // What is done with runs by the name of their environment must not take its file for a game's.
        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "eval", RunFolder.Single(_folder.Runs).Path, "--episodes", "2");
        Assert.True(exitCode == 0, output);
        Assert.Contains("over 2 episodes", output, StringComparison.Ordinal);

        var wrong = Description.Replace("slide.vel", "slid.vel", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(home, "task.yaml"), wrong);
        foreach (var arguments in (string[][])[["envs", "mine/task.yaml"], ["train", "mine/spec.yaml"], ["spec", "mine/task.yaml"]])
        {
            (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, arguments);
            Assert.Equal(2, exitCode);
            Assert.Contains("task.yaml:7:53: the model has no joint 'slid'; did you mean slide?", output, StringComparison.Ordinal);
        }

        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs", "mine/taks.yaml");
        Assert.Equal(2, exitCode);
        Assert.Contains("no such file on this machine", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tasks_and_plug_ins_are_listed_with_what_did_not_load()
    {
        await using var process = RapidProcess.Start(_folder.Path, ["envs"], WithPlugins);
        Assert.Equal(0, await process.WaitAsync());

        string[] expected =
            ["dm.cheetah.run", "OneLeg-v0", "Corridor-v0", "walk to the end of a corridor", "the map of the maze is missing"];
        Assert.All(expected, text => Assert.Contains(text, process.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plug_in_is_learned_and_one_that_fails_is_a_sentence()
    {
        var spec = _folder.Spec(
            """
            environment: { name: Corridor-v0, options: { length: 3 } }
            total_steps: 128
            actors: { environments: 2 }
            algorithm: { rollout_steps: 32, minibatches: 2 }
            evaluation: { interval_steps: 0, final_episodes: 2 }
            """);
        await using var process = RapidProcess.Start(_folder.Path, ["train", spec], WithPlugins);
        Assert.True(await process.WaitAsync() == 0, process.Output);
        Assert.InRange((double)RunFolder.Single(_folder.Runs).Evaluations()[^1]["return_mean"]!, -0.5, 1);

        string[] fails = ["train", spec, "--set", "environment={ name: ThrowsLater-v0 }"];
        await using var faulty = RapidProcess.Start(_folder.Path, fails, WithPlugins);
        Assert.Equal(2, await faulty.WaitAsync());
        Assert.Contains("ThrowsLater-v0 of", faulty.Output, StringComparison.Ordinal);
        Assert.Contains("cannot be made: DllNotFoundException: libmaze.so is not there", faulty.Output, StringComparison.Ordinal);

        await using var described = RapidProcess.Start(_folder.Path, ["envs", "ThrowsLater-v0"], WithPlugins);
        Assert.Equal(2, await described.WaitAsync());
        Assert.Contains("libmaze.so is not there", described.Output, StringComparison.Ordinal);
        string[] shown = ["play", "ThrowsLater-v0", "--random", "--out", "end.png"];
        await using var played = RapidProcess.Start(_folder.Path, shown, WithPlugins);
        Assert.Equal(1, await played.WaitAsync());
        Assert.Contains("libmaze.so is not there", played.Output, StringComparison.Ordinal);

        // Without the folder there is no such environment.
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);
        Assert.Equal(2, exitCode);
        Assert.Contains("'Corridor-v0' is not an environment", output, StringComparison.Ordinal);
    }
}
