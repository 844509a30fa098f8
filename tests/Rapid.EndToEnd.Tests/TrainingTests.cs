using Rapid.Specs;

namespace Rapid.EndToEnd.Tests;

/// <summary><c>rapid train</c> as a process, from start to end.</summary>
public sealed class TrainingTests : IDisposable
{
    private const string Tiny =
        """
        environment: { name: CartPole-v1 }
        total_steps: 4096
        actors: { count: 2, environments: 2 }
        algorithm: { rollout_steps: 64 }
        evaluation: { interval_steps: 1024, episodes: 2, final_episodes: 3 }
        checkpoint: { interval_steps: 1024, keep: 2 }
        """;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Train_leaves_a_run_with_spec_metrics_events_and_checkpoints()
    {
        var spec = _folder.Spec(Tiny);
        var (exitCode, output) = await RapidProcess.RunAsync(
            _folder.Path, "train", spec, "--seed", "7", "--set", "algorithm.learning_rate=1e-3");
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(exitCode == 0, output + run.Log);
        Assert.Contains("finished", output, StringComparison.Ordinal);

        var expected = SpecReader.ReadYaml(Tiny, ["seed=7", "algorithm.learning_rate=1e-3"]);
        Assert.Equal(SpecWriter.ToJson(expected).ToJsonString(), run.Json["spec"]!.ToJsonString());
        Assert.Equal(7, (int)run.Json["seed"]!);
        Assert.Equal("finished", run.State);
        Assert.Equal(Enumerable.Range(1, 16).Select(update => update * 256L), run.TrainingSteps());
        Assert.Equal(4096, (long)run.Evaluations()[^1]["step"]!);
        Assert.Equal(3, (int)run.Evaluations()[^1]["episodes"]!);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(run.Path, "tensorboard"), "events.out.tfevents.*"));
        Assert.Equal(2, run.Checkpoints.Length);
        Assert.Equal("step-000000004096", run.Checkpoints[^1]);

        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "eval", run.Path, "--episodes", "3", "--seed", "5");
        Assert.True(exitCode == 0, output);
        Assert.Contains("3 episodes", output, StringComparison.Ordinal);
        Assert.Equal((exitCode, output), await RapidProcess.RunAsync(_folder.Path, "eval", run.Path, "--episodes", "3", "--seed", "5"));
    }

    [Fact]
    public async Task A_run_whose_simulations_break_down_now_and_then_goes_on_counts_them_and_says_why()
    {
        // Bodies thrown that far into the floor break MuJoCo's integration in one episode of ten.
        const string Spec =
            """
            environment: { name: HalfCheetah-v4, max_episode_steps: 8, options: { reset_noise_scale: 12 } }
            total_steps: 4096
            actors: { count: 2, environments: 2 }
            algorithm: { rollout_steps: 16, minibatches: 4, epochs: 1 }
            evaluation: { interval_steps: 1024, episodes: 20, final_episodes: 20 }
            """;
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", _folder.Spec(Spec));
        var run = RunFolder.Single(_folder.Runs);

        Assert.True(exitCode == 0, output + run.Log);
        Assert.Equal(4096, run.TrainingSteps()[^1]);
        Assert.True((long)run.Metrics().Last(line => (string)line["kind"]! == "train")["broken_environments"]! > 0);
        Assert.Contains("HalfCheetah-v4 broke and its episode is cut", run.Log, StringComparison.Ordinal);
        Assert.Contains("huge value in QACC", run.Log, StringComparison.Ordinal);

        // Of 40 episodes some break, too; what is left is the score, and the run ends.
        Assert.Contains(run.Evaluations(), line => (long)line["broken_episodes"]! > 0);
    }

    [Fact]
    public async Task Ctrl_c_leaves_a_checkpoint_and_the_same_command_goes_on_from_it()
    {
        // Checkpoints only at the end, so that the one after Ctrl-C is the doing of Ctrl-C.
        string[] command = ["train", _folder.Spec(Tiny), "--set", "total_steps=102_400", "--set", "checkpoint.interval_steps=1_000_000"];
        await using (var first = RapidProcess.Start(_folder.Path, command))
        {
            await Eventually.TrueAsync(
                () => RunFolder.HasTrained(_folder.Runs, updates: 3), () => first.Output);
            first.Interrupt();
            Assert.True(await first.WaitAsync() == 130, first.Output);
            Assert.Contains("with a checkpoint", first.Output, StringComparison.Ordinal);
        }

        var run = RunFolder.Single(_folder.Runs);
        var stoppedAt = run.TrainingSteps()[^1];
        Assert.InRange(stoppedAt, 256, 102_399);
        Assert.Equal($"step-{stoppedAt:D12}", Assert.Single(run.Checkpoints));

        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == 0, output + run.Log);
        Assert.Contains("going on", output, StringComparison.Ordinal);
        Assert.Equal(run.Path, RunFolder.Single(_folder.Runs).Path);
        Assert.Equal(Enumerable.Range(1, 400).Select(update => update * 256L), run.TrainingSteps());
        Assert.Equal("finished", run.State);

        // There is nothing left to go on with.
        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "resume", run.Path);
        Assert.True(exitCode == 1, output);
        Assert.Contains("finished", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lockstep_cart_pole_is_learned()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(
            _folder.Path, "train", _folder.Spec(
                """
                environment: { name: CartPole-v1 }
                seed: 1
                total_steps: 65_536
                lockstep: true
                actors: { environments: 8 }
                algorithm: { learning_rate: 1e-3, rollout_steps: 64, epochs: 8 }
                evaluation: { interval_steps: 0, final_episodes: 20 }
                """));
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(exitCode == 0, output + run.Log);

        // A random policy balances for about 22 steps.
        Assert.InRange((double)Assert.Single(run.Evaluations())["return_mean"]!, 200, 500);
    }
}
