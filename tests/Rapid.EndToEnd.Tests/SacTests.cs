using System.Text.Json.Nodes;

namespace Rapid.EndToEnd.Tests;

/// <summary>SAC as a process: it learns, repeats and goes on.</summary>
public sealed class SacTests : IDisposable
{
    private const string Pendulum =
        """
        environment: { name: Pendulum-v1 }
        algorithm: { name: sac, rollout_steps: 1, batch_size: 128, policy_learning_rate: 1e-3, metrics_interval: 500, policy_delay: 1 }
        network: { hidden_sizes: [64, 64] }
        total_steps: 9000
        lockstep: true
        evaluation: { interval_steps: 0, final_episodes: 20 }
        """;

    private const string Small =
        """
        environment: { name: Pendulum-v1 }
        algorithm: { name: sac, rollout_steps: 8, batch_size: 16, warm_up_steps: 400, metrics_interval: 100, publish_interval: 8 }
        actors: { count: 2 }
        network: { hidden_sizes: [16, 16] }
        total_steps: 2000
        evaluation: { interval_steps: 800, episodes: 2, final_episodes: 2 }
        checkpoint: { interval_steps: 500 }
        """;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Pendulum_is_held_upright_after_nine_thousand_steps()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", _folder.Spec(Pendulum));
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(exitCode == 0, output + run.Log);

        var score = run.Evaluations()[^1];
        Assert.True((double)score["return_mean"]! >= -200, score.ToJsonString());
        Assert.Equal(8000, (long)TrainingOf(run)[^1]["updates"]!);
    }

    [Theory]
    [InlineData("algorithm.preset=offp")]
    [InlineData("environment.name=CartPole-v1")]
    [InlineData("replay.sampler=prioritised")]
    public async Task Lockstep_repeats_bit_for_bit_with_two_actors(string variant)
    {
        string[] command = ["train", _folder.Spec(Small), "--set", "lockstep=true", "--set", variant, "--set", "total_steps=1200"];
        var first = await RunAsync("a");
        var second = await RunAsync("b");

        Assert.NotEmpty(first);
        Assert.Equal(first, second);

        async Task<string> RunAsync(string name)
        {
            var runs = Path.Combine(_folder.Path, name);
            var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, [.. command, "--runs", runs]);
            Assert.True(exitCode == 0, output);
            return RunFolder.Single(runs).TimelessMetrics();
        }
    }

    [Fact]
    public async Task A_run_that_is_stopped_goes_on_and_ends_with_every_update()
    {
        string[] command = ["train", _folder.Spec(Small), "--set", "total_steps=6000"];
        await using (var first = RapidProcess.Start(_folder.Path, command))
        {
            await Eventually.TrueAsync(
                () => RunFolder.HasTrained(_folder.Runs, updates: 5), () => first.Output);
            first.Interrupt();
            Assert.True(await first.WaitAsync() == 130, first.Output);
        }

        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(exitCode == 0, output + run.Log);
        var last = TrainingOf(run)[^1];
        Assert.Equal((6000, 5600), ((long)last["step"]!, (long)last["updates"]!));
        Assert.Equal(run.TrainingSteps().Order(), run.TrainingSteps());
    }

    [Fact]
    public async Task Killed_actors_replay_and_learner_cost_no_update()
    {
        var spec = _folder.Spec(Small.Replace("{ count: 2 }", "{ count: 3 }", StringComparison.Ordinal)
            .Replace("total_steps: 2000", "total_steps: 12000\nreplay: { store: memory }", StringComparison.Ordinal));
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 3);
        await cluster.SubmitAsync(spec);

        var random = new Random();
        foreach (var victim in (string[])["learner", "actor 1", "replay", "learner", "replay"])
        {
            var (before, wanted) = (Newest(), random.Next(1, 6));
            await Eventually.TrueAsync(() => Math.Abs(Newest() - before) >= wanted * 100, () => cluster.Story);
            await cluster.RestartAsync(victim);
        }

        var run = RunFolder.Single(_folder.Runs);
        await Eventually.TrueAsync(() => run.State is "finished" or "failed", () => cluster.Story);
        Assert.True(run.State == "finished", cluster.Story);

        // Every line is there once, although the learner began twice at an older checkpoint.
        Assert.Equal(Enumerable.Range(1, 116).Select(line => line * 100L), TrainingOf(run).Select(line => (long)line["updates"]!));
        Assert.Equal(12000, (long)run.Evaluations()[^1]["step"]!);

        long Newest() => Directory.Exists(_folder.Runs) ? RunFolder.Single(_folder.Runs).TrainingSteps().LastOrDefault() : 0;
    }

    [Fact]
    public async Task In_lockstep_nothing_is_learned_from_a_lost_table_before_it_holds_the_warm_up_again()
    {
        var spec = _folder.Spec(Small);
        string[] command = ["train", spec, "--set", "lockstep=true", "--set", "total_steps=3000", "--set", "algorithm.metrics_interval=20"];
        await using (var first = RapidProcess.Start(_folder.Path, command))
        {
            await Eventually.TrueAsync(() => RunFolder.HasTrained(_folder.Runs, updates: 20), () => first.Output);
            first.Interrupt();
            Assert.True(await first.WaitAsync() == 130, first.Output);
        }

        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(exitCode == 0, output + run.Log);
        AssertLearnedFromEnough(run, updates: 2600);
    }

    [Fact]
    public async Task A_replay_that_is_killed_costs_no_update_and_none_is_made_from_less_than_the_warm_up()
    {
        var spec = _folder.Spec(Small.Replace("total_steps: 2000", "total_steps: 6000", StringComparison.Ordinal)
            .Replace("metrics_interval: 100", "metrics_interval: 20", StringComparison.Ordinal));
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 2);
        await cluster.SubmitAsync(spec);
        foreach (var lines in (int[])[30, 100])
        {
            await Eventually.TrueAsync(
                () => Directory.Exists(_folder.Runs) && RunFolder.HasTrained(_folder.Runs, lines), () => cluster.Story);
            await cluster.RestartAsync("replay");
        }

        var run = RunFolder.Single(_folder.Runs);
        await Eventually.TrueAsync(() => run.State is "finished" or "failed", () => cluster.Story);
        Assert.True(run.State == "finished", cluster.Story);
        AssertLearnedFromEnough(run, updates: 5600);
    }

    [Fact]
    public async Task Episodes_of_the_warm_up_are_counted()
    {
        string[] command = ["train", _folder.Spec(Small), "--set", "total_steps=5000", "--set", "algorithm.warm_up_steps=4000"];
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(exitCode == 0, output + run.Log);
        var last = TrainingOf(run)[^1];

        // Each of two actors has one that is not over, and one of a batch that was on its way.
        Assert.InRange((double)last["episodes"]!, (double)last["inserted_steps"]! / 200 - 4, (double)last["inserted_steps"]! / 200);
        Assert.InRange((double)TrainingOf(run)[0]["episodes"]!, 10, 30);
    }

    private static void AssertLearnedFromEnough(RunFolder run, int updates)
    {
        var lines = TrainingOf(run);
        Assert.Equal(updates, (int)lines[^1]["updates"]!);
        Assert.All(lines, line => Assert.True((long)line["held_steps"]! >= 400, line.ToJsonString()));
    }

    private static JsonObject[] TrainingOf(RunFolder run) => [.. run.Metrics().Where(line => (string)line["kind"]! == "train")];
}
