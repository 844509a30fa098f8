namespace Rapid.Cli.Tests;

/// <summary>A run that another process trains, one whose folder cannot be written, and one that is told to quit.</summary>
public sealed class RunLockTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_run_that_is_told_to_quit_stops_with_a_checkpoint()
    {
        var spec = _folder.Spec(
            """
            environment: { name: CartPole-v1 }
            total_steps: 10_000_000
            actors: { environments: 2 }
            algorithm: { name: a2c, rollout_steps: 32 }
            evaluation: { interval_steps: 0, final_episodes: 1 }
            checkpoint: { interval_steps: 100_000_000 }
            """);
        await using var process = RapidProcess.Start(_folder.Path, ["train", spec]);
        await Eventually.TrueAsync(() => RunFolder.HasTrained(_folder.Runs, updates: 3), () => process.Output);
        process.Quit();
        Assert.True(await process.WaitAsync() == 130, process.Output);
        Assert.Contains("with a checkpoint", process.Output, StringComparison.Ordinal);
        Assert.Single(RunFolder.Single(_folder.Runs).Checkpoints);
    }

    [Fact]
    public async Task Only_a_lock_that_another_process_holds_is_called_one()
    {
        var spec = _folder.Spec(
            """
            environment: { name: CartPole-v1 }
            total_steps: 64
            actors: { environments: 2 }
            algorithm: { name: a2c, rollout_steps: 32 }
            evaluation: { interval_steps: 0, final_episodes: 1 }
            """);
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);
        Assert.True(exitCode == 0, output);
        var run = RunFolder.Single(_folder.Runs).Path;
        File.Delete(Path.Combine(run, "state.json"));
        var path = Path.Combine(run, "lock");

        await using (new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "resume", run);
            Assert.Equal(1, exitCode);
            Assert.Contains("is being trained by another process", output, StringComparison.Ordinal);
        }

        // A link to itself and a folder cannot be opened, not even by root.
        File.Delete(path);
        File.CreateSymbolicLink(path, path);
        await IsRefusedAsync();
        File.Delete(path);
        Directory.CreateDirectory(path);
        await IsRefusedAsync();

        async Task IsRefusedAsync()
        {
            (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "resume", run);
            Assert.Equal(1, exitCode);
            Assert.Contains($"{run} cannot be written: ", output, StringComparison.Ordinal);
            Assert.DoesNotContain("another process", output, StringComparison.Ordinal);
        }
    }
}
