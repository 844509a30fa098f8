using Rapid.Protocol.Files;

namespace Rapid.EndToEnd.Tests;

/// <summary>A run in lockstep whose processes were stopped and killed ends as one that nobody touched, bit for bit.</summary>
public sealed class LockstepTests : IDisposable
{
    private const string Evaluations = "evaluation: { interval_steps: 0, final_episodes: 1 }";

    private const string CartPole =
        $$"""
        environment: { name: CartPole-v1 }
        seed: 2
        total_steps: 40_960
        lockstep: true
        actors: { count: 2, environments: 2 }
        algorithm: { rollout_steps: 64, epochs: 4, target_kl: 0.02 }
        checkpoint: { interval_steps: 5120 }
        {{Evaluations}}
        """;

    private const string Hopper =
        $$"""
        environment: { name: Hopper-v4 }
        seed: 4
        total_steps: 16_384
        lockstep: true
        actors: { count: 2, environments: 2 }
        algorithm: { rollout_steps: 64, epochs: 3, minibatches: 4 }
        normalization: { observations: true, rewards: true }
        checkpoint: { interval_steps: 2048 }
        {{Evaluations}}
        """;

    private const string Duel =
        $$"""
        environment: { name: DuelNoFrameskip-v4, options: { screen_size: 44, repeat_action_probability: 0.1 } }
        seed: 5
        total_steps: 4096
        lockstep: true
        actors: { count: 2, environments: 2 }
        algorithm: { rollout_steps: 16, epochs: 2 }
        network: { encoder: ppo1, hidden_sizes: [32] }
        checkpoint: { interval_steps: 512 }
        {{Evaluations}}
        """;

    private const string P3o =
        $$"""
        environment: { name: CartPole-v1 }
        seed: 6
        total_steps: 20_480
        actors: { count: 2, environments: 4 }
        algorithm: { name: p3o, warm_up_steps: 1024 }
        {{Evaluations}}
        """;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(CartPole)]
    [InlineData(Hopper)]
    [InlineData(Duel)]
    public async Task A_run_that_is_stopped_and_killed_ends_with_the_same_bytes_as_one_that_is_not(string text)
    {
        var spec = _folder.Spec(text);
        var whole = await TrainAsync(spec, "whole");

        string[] command = ["train", spec, "--runs", "broken"];
        var runs = Path.Combine(_folder.Path, "broken");
        var updates = whole.TrainingSteps().Length;
        await using (var stopped = RapidProcess.Start(_folder.Path, command))
        {
            await Eventually.TrueAsync(() => RunFolder.HasTrained(runs, updates / 6), () => stopped.Output);
            stopped.Interrupt();
            Assert.True(await stopped.WaitAsync() == 130, stopped.Output);
        }

        Assert.InRange(RunFolder.Single(runs).TrainingSteps().Length, updates / 6, updates - 1);
        await using (var killed = RapidProcess.Start(_folder.Path, command))
        {
            await Eventually.TrueAsync(() => RunFolder.HasTrained(runs, updates / 3), () => killed.Output);
            await killed.KillAsync();
        }

        Assert.InRange(RunFolder.Single(runs).TrainingSteps().Length, updates / 3, updates - 1);
        AssertSame(whole, await TrainAsync(spec, "broken"));
    }

    /// <summary>P3O's table of old sequences is no part of a checkpoint: its run goes on exactly when actors are killed.</summary>
    [Theory]
    [InlineData(CartPole, "actor 0", "replay", "learner", "actor 1")]
    [InlineData(P3o, "actor 1", "actor 0")]
    public async Task A_run_whose_services_are_killed_ends_with_the_same_bytes_as_one_that_is_not(string text, params string[] victims)
    {
        var spec = _folder.Spec(text + "\nreplay: { store: memory }");
        var whole = await TrainAsync(spec, "whole");
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 2);
        await cluster.SubmitAsync(spec);
        var run = RunFolder.Single(_folder.Runs);
        var updates = whole.TrainingSteps().Length;
        for (var i = 0; i < victims.Length; i++)
        {
            var reached = (i + 1) * updates / (victims.Length + 2);
            await Eventually.TrueAsync(() => run.TrainingSteps().Length >= reached, () => cluster.Story);
            await cluster.RestartAsync(victims[i]);
        }

        Assert.InRange(run.TrainingSteps().Length, 1, updates - 1);
        await Eventually.TrueAsync(() => run.State is "finished" or "failed", () => cluster.Story);
        Assert.True(run.State == "finished", cluster.Story);
        AssertSame(whole, run);
    }

    [Fact]
    public async Task Runs_side_by_side_in_one_learner_that_is_killed_end_with_the_same_bytes_as_each_alone()
    {
        string[] specs =
        [
            _folder.Spec(
                $$"""
                environment: { name: CartPole-v1 }
                seed: 7
                total_steps: 10_240
                lockstep: true
                actors: { count: 2, environments: 2 }
                algorithm: { rollout_steps: 64, epochs: 2 }
                replay: { store: memory }
                checkpoint: { interval_steps: 1024 }
                {{Evaluations}}
                """),
            _folder.Spec(
                $$"""
                environment: { name: CartPole-v1 }
                seed: 8
                total_steps: 12_800
                actors: { count: 2, environments: 8 }
                algorithm: { name: a2c }
                replay: { store: memory }
                checkpoint: { interval_steps: 1600 }
                {{Evaluations}}
                """),
        ];
        var whole = new[] { await TrainAsync(specs[0], "ppo alone"), await TrainAsync(specs[1], "a2c alone") };
        await using var cluster = ClusterProcesses.Start(
            _folder.Path, actors: 0, variables: new Dictionary<string, string> { ["RAPID_PARALLEL_RUNS"] = "2" });
        var ids = new[]
        {
            await cluster.SubmitAsync(specs[0], "--submitter", "anna"),
            await cluster.SubmitAsync(specs[1]),
        };
        var runs = ids.Select(id => new RunFolder(Path.Combine(_folder.Runs, id))).ToList();
        await using (var list = cluster.Client("list"))
        {
            Assert.True(await list.WaitAsync() == 0, list.Output);
            Assert.Matches($"{ids[0]} .* anna", list.Output);
            Assert.Matches($"{ids[1]} .* {Environment.UserName}", list.Output);
        }

        // One actor more than there are runs: they share three, and one evaluator.
        for (var i = 0; i < 3; i++)
        {
            cluster.Start($"actor {i}");
        }

        int Updates(int run) => runs[run].TrainingSteps().Length;
        int All(int run) => whole[run].TrainingSteps().Length;
        await Eventually.TrueAsync(() => Enumerable.Range(0, 2).All(run => Updates(run) > All(run) / 10), () => cluster.Story);
        await cluster.RestartAsync("learner");
        var middle = Enumerable.Range(0, 2).Select(run => (runs[run].State, IsDone: Updates(run) >= All(run)));
        Assert.All(middle, run => Assert.Equal(("running", false), run));

        await Eventually.TrueAsync(() => runs.TrueForAll(run => run.State is "finished" or "failed"), () => cluster.Story);
        Assert.True(runs.TrueForAll(run => run.State == "finished"), cluster.Story);
        AssertSame(whole[0], runs[0]);
        AssertSame(whole[1], runs[1]);
    }

    private async Task<RunFolder> TrainAsync(string spec, string runs)
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec, "--runs", runs);
        Assert.True(exitCode == 0, output);
        return RunFolder.Single(Path.Combine(_folder.Path, runs));
    }

    /// <summary>Weights, optimiser and all games, and what every update on the way was like.</summary>
    private static void AssertSame(RunFolder whole, RunFolder broken)
    {
        Assert.Equal(whole.Checkpoints[^1], broken.Checkpoints[^1]);
        Assert.Equal(Learned(whole), Learned(broken));
        Assert.Equal(Tensors(whole), Tensors(broken));
        Assert.Equal(whole.Newest("games.binpb"), broken.Newest("games.binpb"));
    }

    /// <summary>All but the policy that waits for its score, which has a version in it.</summary>
    private static IEnumerable<(string, string)> Tensors(RunFolder run)
    {
        var file = run.Newest("model.safetensors");
        return SafeTensorHeader.Read(file).Tensors
            .Where(tensor => !tensor.Name.StartsWith("evaluation.", StringComparison.Ordinal))
            .Select(tensor => (tensor.Name, Convert.ToHexString(file.AsSpan((int)tensor.Offset, (int)tensor.Length))));
    }

    /// <summary>The lines of training without clock, names of versions and blocks that came too late.</summary>
    private static IEnumerable<string> Learned(RunFolder run) => run.Metrics().Select(line =>
    {
        foreach (var name in (string[])["time", "policy_version", "stale_blocks"])
        {
            line.Remove(name);
        }

        return line.ToJsonString();
    });
}
