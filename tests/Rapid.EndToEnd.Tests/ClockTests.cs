using Rapid.Benchmarks;

namespace Rapid.EndToEnd.Tests;

/// <summary>A machine whose clock is set while services run.</summary>
public sealed class ClockTests : IDisposable
{
    // Not TestFolder: a path that the loader is given may have no space.
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>The second slot waits for other actors, the last score for an evaluator, and by this clock no wait ever ends.</summary>
    [Fact]
    public async Task A_learner_whose_clock_runs_backwards_waits_no_longer()
    {
        var clock = await SkewedClock.CreateAsync(_folder.FullName);
        Assert.NotNull(clock);
        await using var cluster = ClusterProcesses.Start(_folder.FullName, actors: 1, surroundings: new ClusterSurroundings
        {
            VariablesOf = process => process == "learner" ? clock.VariablesOf(process) : new Dictionary<string, string>(),
        });
        await cluster.KillAsync("evaluator");
        using var ended = new CancellationTokenSource();
        var turning = TurnBackAsync(clock, ended.Token);
        var spec = Path.Combine(_folder.FullName, "spec.yaml");
        File.WriteAllText(
            spec,
            """
            environment: { name: CartPole-v1 }
            lockstep: true
            total_steps: 512
            actors: { count: 2 }
            algorithm: { rollout_steps: 64 }
            evaluation: { interval_steps: 0, final_episodes: 1 }
            """);

        await cluster.SubmitAsync(spec);
        var runs = Path.Combine(_folder.FullName, "runs");
        await Eventually.TrueAsync(() => RunFolder.Single(runs).State is "finished" or "failed", () => cluster.Story);

        await ended.CancelAsync();
        await turning;
        Assert.True(RunFolder.Single(runs).State == "finished", cluster.Story);
        Assert.Equal(512, RunFolder.Single(runs).TrainingSteps()[^1]);
    }

    private static async Task TurnBackAsync(SkewedClock clock, CancellationToken ended)
    {
        for (long seconds = 0; !ended.IsCancellationRequested; seconds -= 60)
        {
            clock.Set("learner", seconds);
            await Task.Delay(TimeSpan.FromMilliseconds(10), ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
