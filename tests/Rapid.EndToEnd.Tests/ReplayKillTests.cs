using Rapid.Benchmarks;

namespace Rapid.EndToEnd.Tests;

/// <summary>What the replay service promises, while everything under it and around it is killed.</summary>
public sealed class ReplayKillTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_replay_Redis_and_learner_lose_no_acknowledged_block_and_repeat_none()
    {
        var (seed, story) = (Random.Shared.Next(), new List<string>());
        var problems = await new KillDrill(_folder.Path, kills: 5, seed, fsync: "always", story.Add).RunAsync();
        Assert.True(problems.Count == 0, $"seed {seed}\n{string.Join('\n', problems.Concat(story))}");
    }
}
