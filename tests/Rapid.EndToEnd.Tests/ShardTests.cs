namespace Rapid.EndToEnd.Tests;

/// <summary>A run's table spread over two replay processes.</summary>
public sealed class ShardTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{ name: ppo, rollout_steps: 64 }", 64_000)]
    [InlineData("{ name: sac, rollout_steps: 8, batch_size: 16, warm_up_steps: 400, metrics_interval: 100, publish_interval: 8 }", 12_000)]
    public async Task A_replay_process_that_dies_stops_nobody_and_nothing_is_lost(string algorithm, long steps)
    {
        var spec = _folder.Spec(
            $$"""
            environment: { name: Pendulum-v1 }
            algorithm: {{algorithm}}
            total_steps: {{steps}}
            actors: { count: 4 }
            network: { hidden_sizes: [16, 16] }
            replay: { store: redis }
            evaluation: { interval_steps: 0, final_episodes: 2 }
            checkpoint: { interval_steps: 1000 }
            """);
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 2, replays: 2);
        await cluster.SubmitAsync(spec);
        await WaitForAsync(5);
        await cluster.KillAsync("replay 1");
        var killed = RunFolder.Single(_folder.Runs).TrainingSteps().Length;
        await WaitForAsync(killed + 20);

        // Even a learner that starts meanwhile goes on.
        await cluster.RestartAsync("learner");
        await WaitForAsync(killed + 40);
        cluster.Start("replay 1");

        var run = RunFolder.Single(_folder.Runs);
        await Eventually.TrueAsync(() => run.State is "finished" or "failed", () => cluster.Story);
        Assert.True(run.State == "finished", cluster.Story);
        var lines = run.TrainingSteps();
        Assert.Equal(lines.Distinct().Order(), lines);
        Assert.Equal(lines[^1], (long)run.Evaluations()[^1]["step"]!);
        Assert.InRange(lines[^1], steps, steps + 1000);

        Task WaitForAsync(int count) => Eventually.TrueAsync(
            () => Directory.Exists(_folder.Runs) && RunFolder.Single(_folder.Runs).TrainingSteps().Length >= count, () => cluster.Story);
    }
}
