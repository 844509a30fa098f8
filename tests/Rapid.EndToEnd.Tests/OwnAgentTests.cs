namespace Rapid.EndToEnd.Tests;

/// <summary>The algorithm of a plug-in trains like Rapid's own: CONTRIBUTING's worked example.</summary>
public sealed class OwnAgentTests : IDisposable
{
    private const string Spec =
        """
        environment: { name: CartPole-v1 }
        algorithm: { name: reinforce }
        total_steps: 102400
        evaluation: { interval_steps: 0, final_episodes: 20 }
        """;

    private static readonly Dictionary<string, string> WithAgent = new()
    {
        ["RAPID_PLUGINS"] = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../SampleAgent/release")),
    };

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_trains_in_one_process_and_through_services_alike()
    {
        var spec = _folder.Spec(Spec);
        await using (var train = RapidProcess.Start(_folder.Path, ["train", spec], WithAgent))
        {
            Assert.True(await train.WaitAsync() == 0, train.Output);
        }

        var alone = RunFolder.Single(_folder.Runs);
        // A policy that has learned nothing balances for 22 steps.
        Assert.True((double)alone.Evaluations()[^1]["return_mean"]! >= 60, alone.Evaluations()[^1].ToJsonString());

        using var services = new TestFolder();
        await using var cluster = ClusterProcesses.Start(services.Path, actors: 1, variables: WithAgent);
        await cluster.SubmitAsync(spec);
        var run = RunFolder.Single(services.Runs);
        await Eventually.TrueAsync(() => run.State is "finished" or "failed", () => cluster.Story);
        Assert.True(run.State == "finished", cluster.Story);
        Assert.Equal(alone.TimelessMetrics(), run.TimelessMetrics());
    }

    [Theory]
    [InlineData("algorithm.baselin=true", "did you mean 'baseline'?")]
    [InlineData("algorithm.time_limit=bootstrap", "algorithm.time_limit: 'bootstrap' needs values")]
    [InlineData("environment.name=ALE/Duel-v5", "reinforce does not learn from frames")]
    public async Task Its_options_and_rules_are_checked_like_others(string set, string message)
    {
        await using var train = RapidProcess.Start(_folder.Path, ["train", _folder.Spec(Spec), "--set", set], WithAgent);

        Assert.Equal(2, await train.WaitAsync());
        Assert.Contains(message, train.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spec", "CartPole-v1", "--algorithm", "reinforce")]
    [InlineData("schema", "reinforce")]
    public async Task Its_options_are_explained_from_its_own_documentation(params string[] command)
    {
        await using var process = RapidProcess.Start(_folder.Path, command, WithAgent);

        Assert.True(await process.WaitAsync() == 0, process.Output);
        Assert.Contains("Subtract the mean return of the batch", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_plug_in_its_name_is_unknown()
    {
        await using var train = RapidProcess.Start(_folder.Path, ["train", _folder.Spec(Spec)]);

        Assert.Equal(2, await train.WaitAsync());
        Assert.Contains("algorithm.name: 'reinforce' is not one of a2c, p3o, ppo, sac, td3", train.Output, StringComparison.Ordinal);
    }
}
