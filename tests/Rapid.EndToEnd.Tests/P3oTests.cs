namespace Rapid.EndToEnd.Tests;

/// <summary>A2C and P3O as processes.</summary>
public sealed class P3oTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Equal_seeds_give_equal_bytes_with_several_actors_and_replay()
    {
        var spec = _folder.Spec(
            """
            environment: { name: HalfCheetah-v4 }
            total_steps: 2048
            actors: { count: 2, environments: 4 }
            algorithm: { name: p3o, warm_up_steps: 512 }
            evaluation: { interval_steps: 1024, episodes: 1, final_episodes: 2 }
            """);
        var metrics = new List<string>();
        foreach (var runs in (string[])["one", "two"])
        {
            var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec, "--runs", runs);
            var run = RunFolder.Single(Path.Combine(_folder.Path, runs));
            Assert.True(exitCode == 0, output + run.Log);
            Assert.Equal(16, run.TrainingSteps().Length);

            // Nothing is replayed before the warm-up is over; then two batches an update in the mean.
            var replays = run.Metrics().Where(line => (string)line["kind"]! == "train").Select(line => (int)line["replays"]!).ToArray();
            Assert.Equal([0, 0, 0], replays[..3]);
            Assert.InRange(replays.Sum(), 10, 50);
            metrics.Add(run.TimelessMetrics());
        }

        Assert.Equal(metrics[0], metrics[1]);
    }

    [Fact]
    public async Task Compare_writes_tables_and_curves_and_does_not_train_twice()
    {
        string[] command =
        [
            "compare", "CartPole-v1:2048", "Acrobot-v1:1024", "--seeds", "2",
            "--variant", "a2c", "--variant", "p3o:fixed,algorithm.warm_up_steps=512",
            "--set", "evaluation.episodes=1", "--set", "evaluation.final_episodes=2", "--out", "out", "--runs", "runs",
        ];
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == 0, output);
        var table = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "out", "comparison.md"));
        Assert.Contains("| task | steps | seeds | a2c | p3o:fixed,algorithm.warm_up_steps=512 |", table, StringComparison.Ordinal);
        Assert.Contains("| CartPole-v1 | 2,048 | 2 | ", table, StringComparison.Ordinal);
        Assert.Contains("| Acrobot-v1 | 1,024 | 2 | ", table, StringComparison.Ordinal);
        var curves = await File.ReadAllLinesAsync(Path.Combine(_folder.Path, "out", "curves.csv"));
        Assert.Equal("task,variant,seed,step,return", curves[0]);
        Assert.Equal(8, curves[1..].Select(line => string.Join(',', line.Split(',')[..^2])).Distinct().Count());

        var runs = Directory.GetDirectories(_folder.Runs).Length;
        Assert.Equal(8, runs);
        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == 0, output);
        Assert.Equal(runs, Directory.GetDirectories(_folder.Runs).Length);
        Assert.Equal(table, await File.ReadAllTextAsync(Path.Combine(_folder.Path, "out", "comparison.md")));
    }

    [Fact]
    public async Task Compare_names_an_unknown_variant_and_the_nearest_known_one()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "compare", "CartPole-v1", "--variant", "p3o:papr");
        Assert.Equal(2, exitCode);
        Assert.Contains("did you mean 'paper'", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task P3o_learns_cart_pole_where_a2c_has_not_yet()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(
            _folder.Path, "compare", "CartPole-v1:30_000", "--variant", "a2c", "--variant", "p3o", "--seeds", "1", "--runs", "runs",
            "--set", "evaluation.final_episodes=20", "--set", "evaluation.interval_steps=0");
        Assert.True(exitCode == 0, output);
        var returns = Directory.GetDirectories(_folder.Runs)
            .ToDictionary(path => Path.GetFileName(path)!, path => (double)new RunFolder(path).Evaluations()[^1]["return_mean"]!);
        Assert.InRange(returns["cartpole-v1-p3o-s1"], returns["cartpole-v1-a2c-s1"] + 50, 500);
    }
}
