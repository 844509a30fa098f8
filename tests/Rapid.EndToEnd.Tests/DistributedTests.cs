using System.Text.RegularExpressions;
using Grpc.Core;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.EndToEnd.Tests;

/// <summary>The services as processes of their own.</summary>
public sealed class DistributedTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Lockstep_gives_the_same_metrics_in_one_process_and_in_many_processes()
    {
        const string Lockstep =
            """
            environment: { name: Pendulum-v1 }
            seed: 3
            total_steps: 6144
            lockstep: true
            actors: { count: 3, environments: 2 }
            algorithm: { rollout_steps: 128 }
            replay: { store: memory }
            evaluation: { interval_steps: 1536, episodes: 2, final_episodes: 3 }
            """;
        var spec = _folder.Spec(Lockstep);
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec, "--runs", "one");
        var run = RunFolder.Single(Path.Combine(_folder.Path, "one"));
        Assert.True(exitCode == 0, output + run.Log);
        Assert.Equal(8, run.TrainingSteps().Length);
        Assert.Equal(4, run.Evaluations().Length);

        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 3);
        await SubmitAndWatchAsync(cluster, spec);
        Assert.Equal(run.TimelessMetrics(), RunFolder.Single(_folder.Runs).TimelessMetrics());
    }

    [Fact]
    public async Task Killed_actors_replay_and_learner_cost_time_but_no_steps()
    {
        const int BatchSteps = 3 * 2 * 64, Batches = 300;
        var spec = _folder.Spec(
            $$"""
            environment: { name: CartPole-v1 }
            total_steps: {{BatchSteps * Batches}}
            actors: { count: 3, environments: 2 }
            algorithm: { rollout_steps: 64 }
            replay: { store: redis }
            evaluation: { interval_steps: 20_000, episodes: 1, final_episodes: 2 }
            checkpoint: { interval_steps: 8_000 }
            """);
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 3);
        var id = await cluster.SubmitAsync(spec);
        await using var watch = cluster.Client("watch", id);

        // Spread over the run by what is learned, so that the last one comes well before the end however fast the machine is.
        string[] victims = ["learner", "actor 1", "replay", "learner"];
        var random = new Random();
        for (var i = 0; i < victims.Length; i++)
        {
            var updates = (i + random.NextDouble()) / (victims.Length + 2) * Batches;
            await Eventually.TrueAsync(() => RunFolder.Single(_folder.Runs).TrainingSteps().Length >= updates, () => cluster.Story);
            await cluster.RestartAsync(victims[i]);
        }

        var run = RunFolder.Single(_folder.Runs);
        await Eventually.TrueAsync(() => run.State is "finished" or "failed", () => cluster.Story);
        Assert.True(run.State == "finished", cluster.Story);

        // Every update is there once, although the learner began twice at an older checkpoint.
        Assert.Equal(Enumerable.Range(1, Batches).Select(update => (long)update * BatchSteps), run.TrainingSteps());
        Assert.Equal(BatchSteps * Batches, (long)run.Evaluations()[^1]["step"]!);

        // Who watches sees it to its end, whoever dies meanwhile.
        Assert.True(await watch.WaitAsync() == 0, watch.Output);
        Assert.Contains($"finished {id}", watch.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_experiment_stops_with_a_checkpoint_and_the_next_one_runs()
    {
        const string Endless = "{ environment: { name: CartPole-v1 }, total_steps: 1e9, algorithm: { rollout_steps: 32 } }";
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 1);
        var id = await cluster.SubmitAsync(_folder.Spec(Endless));
        await Eventually.TrueAsync(() => RunFolder.Single(_folder.Runs).TrainingSteps().Length > 2, () => cluster.Story);
        await using var cancel = cluster.Client("cancel", id);
        Assert.True(await cancel.WaitAsync() == 0, cancel.Output);

        await SubmitAndWatchAsync(
            cluster,
            _folder.Spec("{ name: next, environment: { name: CartPole-v1 }, total_steps: 1024, algorithm: { rollout_steps: 64 } }"));
        await using var list = cluster.Client("list");
        Assert.True(await list.WaitAsync() == 0, list.Output);
        Assert.Matches($@"{id} +cancelled", list.Output);
        Assert.Matches("next-s1 +finished +1024 +1024", list.Output);
        var run = new RunFolder(Path.Combine(_folder.Runs, id));
        Assert.NotEmpty(run.Checkpoints);

        // By its id, although its folder lies here, too: the learner is there.
        var updates = run.TrainingSteps().Length;
        await using var resume = cluster.Client("resume", id);
        Assert.True(await resume.WaitAsync() == 0, resume.Output);
        await Eventually.TrueAsync(() => run.TrainingSteps().Length > updates + 2, () => cluster.Story);
    }

    [Fact]
    public async Task A_learner_that_is_stopped_in_the_middle_of_a_long_update_leaves_a_checkpoint_and_a_run_that_goes_on()
    {
        // 64 000 gradient steps on a network that takes milliseconds for each.
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 1);
        await cluster.SubmitAsync(_folder.Spec(
            """
            environment: { name: CartPole-v1 }
            total_steps: 1e9
            algorithm: { rollout_steps: 512, minibatches: 64, epochs: 1000 }
            network: { hidden_sizes: [512, 512] }
            """));
        using var channel = Channels.Open(
            ServiceAddress.Parse(cluster.Replay), new ServiceOptions { Listen = [], Token = ClusterProcesses.Token });
        var replay = new Protocol.V1.Replay.ReplayClient(channel);
        await Eventually.TrueAsync(
            () => replay.Stats(new StatsRequest()).Tables is [{ UnacknowledgedBlocks: > 0 }], () => cluster.Story);
        await Task.Delay(TimeSpan.FromSeconds(1));

        var learner = cluster.Running["learner"];
        learner.Interrupt();

        Assert.True(await learner.WaitAsync() == 0, cluster.Story);
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(run.State == "running", cluster.Story);
        Assert.Equal("step-000000000000", Assert.Single(run.Checkpoints));
    }

    [Theory]
    [InlineData("actor")]
    [InlineData("evaluator")]
    public async Task A_worker_whose_token_the_learner_refuses_ends_with_exit_code_3_and_one_line(string worker)
    {
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 0);
        await Eventually.TrueAsync(
            () => cluster.Running["learner"].Output.Contains("listening on", StringComparison.Ordinal), () => cluster.Story);

        await using var stranger = RapidProcess.Start(_folder.Path, [worker], new Dictionary<string, string>(cluster.Variables)
        {
            ["RAPID_LISTEN"] = "http://127.0.0.1:0",
            ["RAPID_TOKEN"] = "another",
        });

        Assert.True(await stranger.WaitAsync() == 3, stranger.Output);
        Assert.Single(stranger.Output.Split('\n'), line => line.StartsWith("RAPID_TOKEN: ", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", stranger.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_watches_the_evaluator_sees_the_policies_that_it_scores()
    {
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 1);
        var id = await cluster.SubmitAsync(_folder.Spec(
            """
            environment: { name: CartPole-v1 }
            total_steps: 1e9
            algorithm: { rollout_steps: 32 }
            evaluation: { interval_steps: 512, episodes: 1 }
            """));
        var evaluator = cluster.Running["evaluator"];
        var address = new Regex(@"listening on (http://\S+:\d+)");
        await Eventually.TrueAsync(() => address.IsMatch(evaluator.Output), () => cluster.Story);
        var options = new ServiceOptions { Listen = [], Token = ClusterProcesses.Token };
        using var channel = Channels.Open(ServiceAddress.Parse(address.Match(evaluator.Output).Groups[1].Value), options);
        using var call = new EvaluationFrames.EvaluationFramesClient(channel).Watch(new WatchFramesRequest());
        long first = -1;
        await foreach (var frame in call.ResponseStream.ReadAllAsync())
        {
            Assert.Equal((id, 480u, 320u), (frame.Experiment, frame.Width, frame.Height));
            first = first < 0 ? frame.PolicyVersion : first;
            if (frame.PolicyVersion > first)
            {
                break;
            }
        }

        Assert.True(first >= 0, cluster.Story);
    }

    private static async Task SubmitAndWatchAsync(ClusterProcesses cluster, string spec)
    {
        var id = await cluster.SubmitAsync(spec);
        await using var watch = cluster.Client("watch", id);
        Assert.True(await watch.WaitAsync() == 0, watch.Output + cluster.Story);
        Assert.Contains($"finished {id}", watch.Output, StringComparison.Ordinal);
    }
}
