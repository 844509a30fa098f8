using Rapid.Environments.Registry;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Evaluator.Tests;

/// <summary>The evaluator service under a learner whose files may be others than the evaluator's.</summary>
public sealed class OtherFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_score_is_of_the_learners_files_or_there_is_none(bool differ)
    {
        var game = Path.Combine(_folder.FullName, "game.bin");
        await File.WriteAllBytesAsync(game, new byte[4096]);
        var spec = SpecReader.ReadYaml(
            $"environment: {{ name: {game}, max_episode_steps: 5, options: {{ obs_type: ram }} }}\nnetwork: {{ hidden_sizes: [8] }}",
            ["normalization.observations=false"]);
        var learners = EnvironmentFiles.DigestOf(game, spec.Environment.Options);
        var snapshot = EvaluatorAndLearner.Snapshot(spec, version: 1);
        if (differ)
        {
            await File.WriteAllBytesAsync(game, [.. new byte[4095], 1]);
        }

        var work = new Assignment { Experiment = "a", Spec = SpecWriter.ToMessage(spec), EnvironmentDigest = learners };
        await using var services = await EvaluatorAndLearner.StartAsync(_folder, work, snapshot);

        var report = await services.ReportAsync();

        Assert.Equal((1L, differ ? 2u : 0), (report.PolicyVersion, report.BrokenEpisodes));
        if (differ)
        {
            Assert.Contains(learners, report.Breakdown, StringComparison.Ordinal);
            var own = EnvironmentFiles.DigestOf(game, spec.Environment.Options);
            Assert.Contains(own, report.Breakdown, StringComparison.Ordinal);
        }
    }
}
