using Rapid.Hosting;
using Rapid.Protocol.Files;
using Rapid.Protocol.V1;

namespace Rapid.EndToEnd.Tests;

/// <summary>Services that come, go and move while a run is trained, found by names; nobody is started again for it.</summary>
public sealed class DiscoveryTests : IDisposable
{
    private const int Capacity = 100_000;

    private readonly TestFolder _folder = new();
    private int[] _shards = [0];

    private string ReplayList => Path.Combine(_folder.Path, "replays");

    private string LearnerList => Path.Combine(_folder.Path, "learner");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{ name: ppo, rollout_steps: 64 }", "{ store: redis }", 40_960)]
    [InlineData(
        "{ name: sac, rollout_steps: 8, batch_size: 16, warm_up_steps: 400, metrics_interval: 20, publish_interval: 8 }",
        "{ store: redis, capacity_steps: 100_000, keep_data: true }", 6_000)]
    public async Task A_run_follows_replay_services_that_come_and_go_and_actors_a_learner_that_moves(
        string algorithm, string replay, long steps)
    {
        var ports = FreePorts.Some(1);
        var learnerVariables = new Dictionary<string, string> { ["RAPID_SHARD_PATIENCE"] = "1" };
        await using var cluster = ClusterProcesses.Start(
            _folder.Path, actors: 2, replays: 3, startedReplays: 1, surroundings: new ClusterSurroundings
            {
                VariablesOf = name => new Dictionary<string, string>(name == "learner" ? learnerVariables : [])
                {
                    ["RAPID_LEARNER"] = $"file://{LearnerList}",
                    ["RAPID_REPLAY"] = $"file://{ReplayList}",
                },
            });
        List(LearnerList, cluster.Learner);
        List(ReplayList, cluster.Replays[0]);
        await cluster.SubmitAsync(_folder.Spec(
            $$"""
            environment: { name: Pendulum-v1 }
            algorithm: {{algorithm}}
            total_steps: {{steps}}
            actors: { count: 4 }
            network: { hidden_sizes: [16, 16] }
            replay: {{replay}}
            evaluation: { interval_steps: 0, final_episodes: 2 }
            checkpoint: { interval_steps: 1000 }
            """));
        await AwaitUpdatesAsync(cluster, 5);

        cluster.Start("replay 1");
        await MoveAsync(cluster, 0, 1);
        cluster.Start("replay 2");
        await MoveAsync(cluster, 0, 1, 2);

        // Gone with what it has.
        await MoveAsync(cluster, 1, 2);
        await cluster.KillAsync("replay");

        await cluster.KillAsync("learner");
        List(LearnerList, learnerVariables["RAPID_LISTEN"] = $"http://127.0.0.1:{ports[0]}");
        cluster.Start("learner");

        var run = RunFolder.Single(_folder.Runs);
        await Eventually.TrueAsync(() => run.State is "finished" or "failed", () => cluster.Story);
        Assert.True(run.State == "finished", cluster.Story);
        var lines = run.TrainingSteps();
        Assert.Equal(lines.Distinct().Order(), lines);
        Assert.Equal((steps, steps), (lines[^1], (long)run.Evaluations()[^1]["step"]!));
        if (Directory.Exists(Path.Combine(run.Path, "data")))
        {
            await AssertHasEveryBlockOnceAsync(Path.Combine(run.Path, "data"), steps);
        }
    }

    private static void List(string path, params IEnumerable<string> addresses)
    {
        var written = path + ".new";
        File.WriteAllLines(written, addresses.Select(address => address["http://".Length..]));
        File.Move(written, path, overwrite: true);
    }

    /// <summary>Changes the list of replay services, and waits until the run trains on all of them. Actors stand still until the learner
    /// has begun, so that the run is not over before.</summary>
    private async Task MoveAsync(ClusterProcesses cluster, params int[] shards)
    {
        RapidProcess[] actors = [cluster.Running["actor 0"], cluster.Running["actor 1"]];
        Array.ForEach(actors, actor => actor.Freeze());
        var lives = LivesOf(cluster);
        var whole = (await LookAsync(cluster, _shards)).Capacity;
        _shards = shards;
        List(ReplayList, shards.Select(shard => cluster.Replays[shard]));
        await Eventually.TrueAsync(() => LivesOf(cluster) > lives, () => cluster.Story);
        Array.ForEach(actors, actor => actor.Continue());

        var (before, _) = await LookAsync(cluster, shards);
        await Eventually.TrueAsync(
            async () => (await LookAsync(cluster, shards)).Blocks.Zip(before).All(count => count.First > count.Second),
            () => cluster.Story);
        Assert.Equal(whole, (await LookAsync(cluster, shards)).Capacity);
        await AwaitUpdatesAsync(cluster, RunFolder.Single(_folder.Runs).TrainingSteps().Length + 5);
    }

    private static int LivesOf(ClusterProcesses cluster) =>
        cluster.Running["learner"].Output.Split("goes on at step", StringSplitOptions.None).Length;

    /// <summary>Blocks that each shard took, and how many steps all of them may hold.</summary>
    private static async Task<(ulong[] Blocks, ulong Capacity)> LookAsync(ClusterProcesses cluster, int[] shards)
    {
        var options = new ServiceOptions { Listen = [], Token = ClusterProcesses.Token };
        var (blocks, capacity) = (new ulong[shards.Length], 0ul);
        for (var i = 0; i < shards.Length; i++)
        {
            using var channel = Channels.Open(ServiceAddress.Parse(cluster.Replays[shards[i]]), options);
            var tables = (await new Replay.ReplayClient(channel).StatsAsync(new StatsRequest())).Tables;
            if (tables.Count > 0)
            {
                blocks[i] = tables[0].AppendedBlocks;
                capacity += tables[0].Definition.CapacitySteps;
            }
        }

        return (blocks, capacity);
    }

    private Task AwaitUpdatesAsync(ClusterProcesses cluster, int count) => Eventually.TrueAsync(
        () => RunFolder.HasTrained(_folder.Runs, count) || RunFolder.Single(_folder.Runs).State == "finished", () => cluster.Story);

    /// <summary>Also those of a shard that left: the run kept them when it went on without it.</summary>
    private static async Task AssertHasEveryBlockOnceAsync(string folder, long steps)
    {
        var data = await ReplayData.OpenAsync(folder, CancellationToken.None);
        var blocks = new List<(string Producer, ulong Sequence)>();
        await foreach (var block in data.ReadAsync(CancellationToken.None))
        {
            blocks.Add((block.Producer, block.Sequence));
        }

        Assert.Equal(blocks.Distinct().Count(), blocks.Count);
        foreach (var producer in blocks.GroupBy(block => block.Producer, block => block.Sequence))
        {
            Assert.Equal(Enumerable.Range(1, producer.Count()).Select(sequence => (ulong)sequence), producer.Order());
        }

        Assert.InRange(data.Steps, steps, Capacity);
    }
}
