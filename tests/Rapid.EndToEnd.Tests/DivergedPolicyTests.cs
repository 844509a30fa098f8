namespace Rapid.EndToEnd.Tests;

/// <summary>A policy that nobody can act with ends its run, and says so.</summary>
public sealed class DivergedPolicyTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Pendulum-v1", "{ name: ppo, learning_rate: 0.05, entropy_coefficient: 10 }")]
    [InlineData("Pendulum-v1", "{ name: sac, policy_learning_rate: 1e38, warm_up_steps: 500, batch_size: 16 }")]
    [InlineData("CartPole-v1", "{ name: ppo, learning_rate: 1e38 }")]
    [InlineData("CartPole-v1", "{ name: sac, policy_learning_rate: 1e38, warm_up_steps: 500, batch_size: 16 }")]
    public async Task It_ends_with_exit_code_1_the_last_finite_checkpoint_and_the_reason_and_so_does_going_on(
        string environment, string algorithm)
    {
        var spec = _folder.Spec(
            $"{{ environment: {{ name: {environment} }}, algorithm: {algorithm}, total_steps: 1e6, network: {{ hidden_sizes: [16, 16] }}, "
            + "actors: { count: 1 }, evaluation: { interval_steps: 0 }, checkpoint: { interval_steps: 2048 } }");
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);
        var run = RunFolder.Single(_folder.Runs);
        for (var life = 0; life < 2; life++)
        {
            Assert.True(exitCode == 1, output + run.Log);
            Assert.Contains("the policy is not finite: at step ", output, StringComparison.Ordinal);
            Assert.Matches("went first|every loss before was finite", output);
            Assert.Equal("failed", run.State);
            var kept = Directory.Exists(Path.Combine(run.Path, "checkpoints")) ? run.Checkpoints : [];
            Assert.Contains(kept.Length > 0 ? kept[^1] : "there is no checkpoint yet", output, StringComparison.Ordinal);
            (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "resume", run.Path);
        }
    }
}
