using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;
using SamplePlugin;

namespace Rapid.Evaluator.Tests;

/// <summary>The evaluator service with an environment that does not return from a call, or cannot be made.</summary>
public sealed class StuckEnvironmentTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-test-");

    private string Bed => Path.Combine(_folder.FullName, "bed");

    // Also wakes what a test left asleep.
    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("make", "come to be")]
    [InlineData("reset", "begin an episode")]
    [InlineData("step", "end a step")]
    public async Task Who_waits_for_a_score_hears_why_there_is_none(string call, string expected)
    {
        var spec = SpecReader.ReadYaml("{ environment: { name: CartPole-v1 }, network: { hidden_sizes: [8] } }", []);
        spec = spec with { Environment = SamplePlugins.Sleeper(call, Bed) };
        var snapshot = EvaluatorAndLearner.Snapshot(spec, version: 1);
        File.WriteAllText(Bed, "");
        var work = new Assignment { Experiment = "a", Spec = SpecWriter.ToMessage(spec) };
        await using var services = await EvaluatorAndLearner.StartAsync(_folder, work, snapshot, TimeSpan.FromSeconds(0.5));

        for (var version = 1; version <= 2; version++)
        {
            var report = await services.ReportAsync();
            Assert.Equal((version, 0, 2u), (report.PolicyVersion, report.Returns.Count, report.BrokenEpisodes));
            Assert.Equal($"the environment did not {expected} within 0.5 s", report.Breakdown);
            services.Publish(new PolicySnapshot(snapshot) { Version = version + 1 });
        }
    }

    [Fact]
    public async Task Who_waits_for_a_score_hears_that_the_environment_cannot_be_made()
    {
        var spec = SpecReader.ReadYaml("{ environment: { name: CartPole-v1 }, network: { hidden_sizes: [8] } }", []);
        var snapshot = EvaluatorAndLearner.Snapshot(spec, version: 1);
        spec = spec with { Environment = new EnvironmentOptions { Name = "ThrowsLater-v0" } };
        var work = new Assignment { Experiment = "a", Spec = SpecWriter.ToMessage(spec) };
        await using var services = await EvaluatorAndLearner.StartAsync(_folder, work, snapshot);

        var report = await services.ReportAsync();

        Assert.Equal((0, 2u), (report.Returns.Count, report.BrokenEpisodes));
        Assert.Contains("libmaze.so is not there", report.Breakdown, StringComparison.Ordinal);
    }
}
