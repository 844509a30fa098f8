using System.Globalization;
using System.Text.Json.Nodes;

namespace Rapid.EndToEnd.Tests;

/// <summary>Which evaluations and which lines a run has does not depend on how fast it is scored, nor on stops and kills.</summary>
public sealed class EvaluationTests : IDisposable
{
    private const string Ppo =
        """
        environment: { name: Pendulum-v1 }
        total_steps: 8192
        actors: { count: 1, environments: 4 }
        algorithm: { name: ppo, rollout_steps: 64, epochs: 2 }
        network: { hidden_sizes: [16, 16] }
        evaluation: { interval_steps: 512, episodes: 150, final_episodes: 300 }
        checkpoint: { interval_steps: 1024 }
        """;

    private const string Sac =
        """
        environment: { name: Pendulum-v1 }
        total_steps: 8192
        algorithm: { name: sac, rollout_steps: 8, batch_size: 16, warm_up_steps: 400, metrics_interval: 64, publish_interval: 8 }
        network: { hidden_sizes: [16, 16] }
        evaluation: { interval_steps: 512, episodes: 150, final_episodes: 300 }
        checkpoint: { interval_steps: 1024 }
        """;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Sac, false)]
    [InlineData(Ppo, true)]
    public async Task Every_evaluation_is_there_once_whatever_stopped_or_killed_the_run(string spec, bool lockstep)
    {
        string[] command = ["train", _folder.Spec(spec), "--set", $"lockstep={(lockstep ? "true" : "false")}"];
        foreach (var (lines, isKilled) in ((int, bool)[])[(3, false), (8, true), (14, false), (20, true)])
        {
            await using var life = RapidProcess.Start(_folder.Path, command);
            await Eventually.TrueAsync(() => life.HasExited || RunFolder.HasTrained(_folder.Runs, lines), () => life.Output);
            if (isKilled)
            {
                await life.KillAsync();
                continue;
            }

            life.Interrupt();
            Assert.True(await life.WaitAsync() == 130, life.Output);

            // What was learned has its line, and the message names the checkpoint.
            var stopped = RunFolder.Single(_folder.Runs);
            var step = long.Parse(stopped.Checkpoints[^1]["step-".Length..].Split('.')[0], CultureInfo.InvariantCulture);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"stopped at step {step:N0} "), life.Output, StringComparison.Ordinal);
            if (spec == Ppo)
            {
                Assert.Equal(step, stopped.TrainingSteps()[^1]);
            }
        }

        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(exitCode == 0, output + run.Log);
        Assert.Equal(
            Enumerable.Range(1, 16).Select(n => (n * 512L, n < 16 ? 150 : 300, 0)),
            run.Evaluations().Select(line => ((long)line["step"]!, (int)line["episodes"]!, (int)line["skipped_evaluations"]!)));
        Assert.Equal(run.TrainingSteps().Distinct().Order(), run.TrainingSteps());
    }

    [Fact]
    public async Task A_run_that_was_killed_before_it_was_marked_as_finished_keeps_its_final_score()
    {
        string[] command = ["train", _folder.Spec(Ppo), "--set", "total_steps=1024", "--set", "evaluation.final_episodes=3"];
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == 0, output);
        var run = RunFolder.Single(_folder.Runs);
        var metrics = run.TimelessMetrics();
        File.WriteAllText(Path.Combine(run.Path, "state.json"), """{ "state": "running" }""");
        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == 0, output);
        Assert.Equal(metrics, run.TimelessMetrics());
    }

    [Fact]
    public async Task What_is_counted_is_counted_over_all_lives_of_a_run()
    {
        string[] command = ["train", _folder.Spec(Ppo), "--set", "evaluation.interval_steps=0", "--set", "evaluation.final_episodes=1"];
        await using (var first = RapidProcess.Start(_folder.Path, command))
        {
            await Eventually.TrueAsync(() => first.HasExited || RunFolder.HasTrained(_folder.Runs, updates: 1), () => first.Output);
            first.Interrupt();
            Assert.True(await first.WaitAsync() == 130, first.Output);
        }

        var run = RunFolder.Single(_folder.Runs);
        var checkpoint = Path.Combine(run.Path, "checkpoints", run.Checkpoints[^1]);
        var file = Path.Combine(checkpoint, "state.json");
        var saved = JsonNode.Parse(File.ReadAllText(file))!;
        var before = (long)saved["step"]!;
        (saved["state"]!["stale_blocks"], saved["state"]!["broken_environments"]) = (5, 7);
        saved["state"]!["algorithm"]!["skipped_gradient_steps"] = 3;
        File.WriteAllText(file, saved.ToJsonString());
        DamagedCheckpointTests.Seal(checkpoint);
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == 0, output);
        Assert.Contains("3 gradient steps skipped", output, StringComparison.Ordinal);
        var later = run.Metrics().Where(line => (string)line["kind"]! == "train" && (long)line["step"]! > before).ToList();
        Assert.NotEmpty(later);
        Assert.All(later, line => Assert.True(
            (long)line["stale_blocks"]! >= 5 && (long)line["broken_environments"]! >= 7 && (long)line["skipped_gradient_steps"]! >= 3,
            line.ToJsonString()));
    }
}
