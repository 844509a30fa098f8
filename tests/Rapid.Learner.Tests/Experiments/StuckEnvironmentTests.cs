using Grpc.Core;
using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Learner.Runs;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;
using SamplePlugin;

namespace Rapid.Learner.Tests.Experiments;

/// <summary>An environment that does not return from a call holds its own spec up, and nothing else.</summary>
public sealed class StuckEnvironmentTests : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.5);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-test-");

    private string Bed => Path.Combine(_folder.FullName, "bed");

    // Also wakes what a test left asleep.
    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("make", "come to be")]
    [InlineData("reset", "begin an episode")]
    [InlineData("step", "end a step")]
    public async Task Its_spec_is_refused_with_what_it_did_not_do(string call, string expected)
    {
        await using var services = new LearnerAndReplay { EnvironmentPatience = Moment };
        await services.StartLearnerAsync();
        await File.WriteAllTextAsync(Bed, "");

        var error = await Assert.ThrowsAsync<RpcException>(() => SubmitAsync(services, Sleeper(call)));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        var (field, description) = Assert.Single(FieldErrors.Of(error));
        Assert.Equal("environment", field);
        Assert.Equal(
            $"'Sleeper-v0' cannot be played with its options: the environment did not {expected} within 0.5 s", description);
        Assert.Empty(services.Registry.All);
    }

    [Fact]
    public async Task Other_calls_are_answered_while_it_is_waited_for()
    {
        await using var services = new LearnerAndReplay();
        await services.StartLearnerAsync();
        await File.WriteAllTextAsync(Bed, "");
        var submitting = SubmitAsync(services, Sleeper("reset"));

        var other = await services.Experiments.SubmitAsync(new SubmitRequest { Spec = SpecWriter.ToMessage(LearnerAndReplay.Spec(1)) });
        var listed = await services.Experiments.ListAsync(new ListRequest());
        Assert.Equal([other.Id], listed.Experiments.Select(experiment => experiment.Id));
        Assert.False(submitting.IsCompleted);

        File.Delete(Bed);
        await submitting;
        Assert.Equal(2, services.Registry.All.Count);
    }

    [Fact]
    public async Task When_as_many_as_may_be_do_not_return_no_more_are_tried_until_one_does()
    {
        await using var services = new LearnerAndReplay { EnvironmentPatience = Moment, Trials = new TrialLimits { AtOnce = 2 } };
        await services.StartLearnerAsync();
        await File.WriteAllTextAsync(Bed, "");
        foreach (var call in (string[])["make", "step"])
        {
            var stuck = await Assert.ThrowsAsync<RpcException>(() => SubmitAsync(services, Sleeper(call)));
            Assert.Equal(StatusCode.InvalidArgument, stuck.StatusCode);
        }

        var refused = await Assert.ThrowsAsync<RpcException>(() => SubmitAsync(services, LearnerAndReplay.Spec(1)));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.StartsWith("2 trials of environments do not end ('Sleeper-v0')", refused.Status.Detail, StringComparison.Ordinal);

        File.Delete(Bed);
        await LearnerAndReplay.Until(() =>
        {
            try
            {
                return services.Experiments.Submit(
                    new SubmitRequest { Spec = SpecWriter.ToMessage(LearnerAndReplay.Spec(1)) }).Id.Length > 0;
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.ResourceExhausted)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task A_run_that_is_taken_up_and_whose_environment_does_not_come_to_be_fails_and_the_next_has_its_turn()
    {
        await using var services = new LearnerAndReplay { EnvironmentPatience = Moment };
        await services.StartReplayAsync();
        var run = RunDirectory.Create(services.Runs, Sleeper("make"));
        await File.WriteAllTextAsync(Bed, "");
        await services.StartLearnerAsync();
        var next = services.Registry.Submit(LearnerAndReplay.Spec(1));

        await LearnerAndReplay.Until(() => next.State == ExperimentState.Running);

        var record = services.Registry.Find(run.Id)!;
        Assert.Equal(ExperimentState.Failed, record.State);
        Assert.Equal("the environment did not come to be within 0.5 s", record.Error);
    }

    private ExperimentOptions Sleeper(string call) =>
        LearnerAndReplay.Spec(1) with { Environment = SamplePlugins.Sleeper(call, Bed) };

    private static async Task SubmitAsync(LearnerAndReplay services, ExperimentOptions spec) =>
        await services.Experiments.SubmitAsync(new SubmitRequest { Spec = SpecWriter.ToMessage(spec) });
}
