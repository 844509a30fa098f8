namespace Rapid.EndToEnd.Tests;

/// <summary>What <c>replay.store</c> asks of Redis.</summary>
public sealed class StoreTests : IDisposable
{
    private const string Small =
        "{ environment: { name: CartPole-v1 }, total_steps: 1024, algorithm: { rollout_steps: 64 }, replay: { store: fsync }, "
        + "evaluation: { final_episodes: 1 } }";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Fsync_trains_with_a_Redis_that_writes_to_the_disk_before_it_confirms()
    {
        var (exitCode, output) = await RunAsync(fsync: "always");
        Assert.True(exitCode == 0, output);
        Assert.Equal("finished", RunFolder.Single(_folder.Runs).State);
    }

    [Fact]
    public async Task Fsync_waits_for_the_setting_that_is_wrong_and_says_what_to_do()
    {
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 1, fsync: "everysec");
        var id = await cluster.SubmitAsync(_folder.Spec(Small));
        await using var watch = cluster.Client("watch", id);
        await Eventually.TrueAsync(
            () => watch.Output.Contains("Redis runs with appendfsync everysec; set 'appendonly yes'", StringComparison.Ordinal),
            () => watch.Output + cluster.Story);
        Assert.False(watch.HasExited, watch.Output);
    }

    [Fact]
    public async Task A_replay_service_that_waits_for_Redis_stops_when_it_is_told_to()
    {
        await using var replay = RapidProcess.Start(
            _folder.Path, ["replay"],
            new Dictionary<string, string> { ["RAPID_REDIS"] = "127.0.0.1:1", ["RAPID_LISTEN"] = "http://127.0.0.1:0" });
        await Eventually.TrueAsync(
            () => replay.Output.Contains("Redis does not do what it is asked to", StringComparison.Ordinal), () => replay.Output);
        replay.Interrupt();
        Assert.True(await replay.WaitAsync() == 0, replay.Output);
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string fsync)
    {
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 1, fsync: fsync);
        var id = await cluster.SubmitAsync(_folder.Spec(Small));
        await using var watch = cluster.Client("watch", id);
        return (await watch.WaitAsync(), watch.Output + cluster.Story);
    }
}
