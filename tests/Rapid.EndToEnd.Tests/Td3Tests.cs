namespace Rapid.EndToEnd.Tests;

/// <summary>TD3 as a process: it learns, and repeats bit for bit.</summary>
public sealed class Td3Tests : IDisposable
{
    private const string Pendulum =
        """
        environment: { name: Pendulum-v1 }
        algorithm:
          { name: td3, rollout_steps: 1, batch_size: 128, policy_learning_rate: 1e-3, critic_learning_rate: 1e-3, metrics_interval: 500 }
        network: { hidden_sizes: [64, 64] }
        total_steps: 14000
        lockstep: true
        evaluation: { interval_steps: 0, final_episodes: 20 }
        """;

    private const string Small =
        """
        environment: { name: Pendulum-v1 }
        algorithm: { name: td3, rollout_steps: 8, batch_size: 16, warm_up_steps: 400, metrics_interval: 100 }
        actors: { count: 2 }
        network: { hidden_sizes: [16, 16] }
        total_steps: 1200
        lockstep: true
        evaluation: { interval_steps: 400, episodes: 2, final_episodes: 2 }
        """;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Pendulum_is_held_upright_after_fourteen_thousand_steps()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", _folder.Spec(Pendulum));
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(exitCode == 0, output + run.Log);

        var score = run.Evaluations()[^1];
        Assert.True((double)score["return_mean"]! >= -250, score.ToJsonString());
    }

    [Fact]
    public async Task Lockstep_repeats_bit_for_bit_with_two_actors()
    {
        var first = await RunAsync("a");
        var second = await RunAsync("b");

        Assert.NotEmpty(first);
        Assert.Equal(first, second);

        async Task<string> RunAsync(string name)
        {
            var runs = Path.Combine(_folder.Path, name);
            var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", _folder.Spec(Small), "--runs", runs);
            Assert.True(exitCode == 0, output);
            return RunFolder.Single(runs).TimelessMetrics();
        }
    }
}
