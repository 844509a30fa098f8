using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Hosting;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Runs;
using Rapid.Learner.Tests.Checkpoints;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Tests.Experiments;

public class ExperimentTests
{
    [Fact]
    public async Task Experiments_run_one_after_the_other_and_a_cancelled_one_makes_way()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var first = services.Registry.Submit(LearnerAndReplay.Spec(1));
        var second = services.Registry.Submit(LearnerAndReplay.Spec(1));
        var third = services.Registry.Submit(LearnerAndReplay.Spec(2));
        Assert.Equal(
            ["cartpole-v1-ppo-s1", "cartpole-v1-ppo-s1-2", "cartpole-v1-ppo-s2"],
            services.Registry.All.Select(record => record.Directory.Id));
        await LearnerAndReplay.Until(() => first.State == ExperimentState.Running);
        Assert.Equal((ExperimentState.Pending, ExperimentState.Pending), (second.State, third.State));

        var cancelled = await services.Experiments.CancelAsync(new CancelRequest { Id = second.Directory.Id });
        Assert.Equal(ExperimentState.Cancelled, cancelled.State);
        await services.Experiments.CancelAsync(new CancelRequest { Id = first.Directory.Id });
        await LearnerAndReplay.Until(() => third.State == ExperimentState.Running);
        Assert.Equal((ExperimentState.Cancelled, ExperimentState.Cancelled), (first.State, second.State));
    }

    [Fact]
    public async Task Several_run_at_once_and_what_one_of_them_waits_for_holds_no_other_up()
    {
        await using var services = new LearnerAndReplay { ParallelRuns = 2 };
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var records = Enumerable.Range(1, 3).Select(seed => services.Registry.Submit(LearnerAndReplay.Spec(seed))).ToList();
        await LearnerAndReplay.Until(() => records[..2].TrueForAll(record => record.State == ExperimentState.Running));
        Assert.Equal(ExperimentState.Pending, records[2].State);

        await services.Experiments.CancelAsync(new CancelRequest { Id = records[0].Directory.Id });
        await LearnerAndReplay.Until(() => records[2].State == ExperimentState.Running);
        Assert.Equal((ExperimentState.Cancelled, ExperimentState.Running), (records[0].State, records[1].State));

        // Both are taken up again.
        await services.StopLearnerAsync();
        await services.StartLearnerAsync();
        await LearnerAndReplay.Until(() => records[1..].TrueForAll(
            record => services.Registry.Find(record.Directory.Id)!.State == ExperimentState.Running));
    }

    [Fact]
    public async Task A_submitter_has_a_limit_of_his_own_and_his_name_outlives_the_learner()
    {
        await using var services = new LearnerAndReplay { Limits = new ServiceLimits { QueuedPerSubmitter = 1 } };
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        SubmitRequest By(string submitter) => new() { Spec = SpecWriter.ToMessage(LearnerAndReplay.Spec(1)), Submitter = submitter };
        var running = await services.Experiments.SubmitAsync(By("anna"));
        await LearnerAndReplay.Until(() => services.Registry.Find(running.Id)!.State == ExperimentState.Running);
        await services.Experiments.SubmitAsync(By("anna"));

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await services.Experiments.SubmitAsync(By("anna")));
        Assert.Equal(
            (StatusCode.ResourceExhausted,
                "'anna' has 1 experiments that wait already (RAPID_MAX_QUEUED_PER_SUBMITTER); cancel some, or submit it later"),
            (refused.StatusCode, refused.Status.Detail));
        await services.Experiments.SubmitAsync(By("ben"));
        await services.Experiments.SubmitAsync(By(""));
        refused = await Assert.ThrowsAsync<RpcException>(async () => await services.Experiments.SubmitAsync(By("")));
        Assert.Contains("submitters without a name", refused.Status.Detail, StringComparison.Ordinal);

        await services.StopLearnerAsync();
        await services.StartLearnerAsync();
        var known = (await services.Experiments.ListAsync(new ListRequest())).Experiments.Select(one => one.Submitter);
        Assert.Equal(["anna", "anna", "ben", ""], known);
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData(101)]
    public async Task A_submitters_name_that_nobody_has_is_refused(object name)
    {
        await using var services = new LearnerAndReplay();
        await services.StartLearnerAsync();
        var request = new SubmitRequest { Submitter = name as string ?? new string('x', (int)name) };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await services.Experiments.SubmitAsync(request));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains("submitter", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_run_leaves_a_checkpoint_and_no_table()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        await LearnerAndReplay.Until(() =>
            record.State == ExperimentState.Running && services.Replay.Stats(new StatsRequest()).Tables.Count == 1);
        await services.Experiments.CancelAsync(new CancelRequest { Id = record.Directory.Id });
        await LearnerAndReplay.Until(() => record.State == ExperimentState.Cancelled);
        Assert.Empty(services.Replay.Stats(new StatsRequest()).Tables);
        Assert.Equal(ExperimentState.Cancelled, record.Directory.ReadState().State);
        Assert.Equal(0, new CheckpointStore(record.Directory.Checkpoints, 1, NullLogger.Instance).Newest()!.Step);
    }

    [Fact]
    public async Task A_run_that_fails_says_why_and_the_next_begins()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        var broken = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(1));
        Directory.CreateDirectory(Path.Combine(broken.Checkpoints, "step-000000000007"));
        var good = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(2));
        await services.StartLearnerAsync();
        await LearnerAndReplay.Until(() => services.Registry.Find(good.Id)!.State == ExperimentState.Running);
        var failed = services.Registry.Find(broken.Id)!.Describe();
        Assert.Equal(ExperimentState.Failed, failed.State);
        Assert.Contains("step-000000000007", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_learner_that_comes_back_goes_on_with_the_running_one_first_and_passes_over_what_it_cannot_read()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        var pending = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(1));
        var running = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(2));
        running.WriteState(ExperimentState.Running, null);
        var finished = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(3));
        finished.WriteState(ExperimentState.Finished, null);
        foreach (var content in (string[])["", "null", "{", "[1]", "{\"spec\": 3}", "{\"spec\": {\"nonsense\": 1}}"])
        {
            File.WriteAllText(Path.Combine(RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(4)).Path, "run.json"), content);
        }

        await services.StartLearnerAsync();
        await LearnerAndReplay.Until(() => services.Registry.Find(running.Id)!.State == ExperimentState.Running);
        Assert.Equal(
            [(pending.Id, ExperimentState.Pending), (running.Id, ExperimentState.Running), (finished.Id, ExperimentState.Finished)],
            services.Registry.All.Select(record => (record.Directory.Id, record.State)));
    }

    [Fact]
    public async Task A_learner_that_stops_before_the_replay_service_was_there_goes_on_later()
    {
        await using var services = new LearnerAndReplay();
        await services.StartLearnerAsync();
        var id = services.Registry.Submit(LearnerAndReplay.Spec(1)).Directory.Id;
        await LearnerAndReplay.Until(() => services.Registry.Find(id)!.State == ExperimentState.Running);
        await services.StopLearnerAsync();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        await LearnerAndReplay.Until(() => services.Replay.Stats(new StatsRequest()).Tables.Count == 1);
        Assert.Equal(ExperimentState.Running, services.Registry.Find(id)!.State);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"state\": 7}")]
    [InlineData("{\"state\": \"nonsense\"}")]
    public void A_state_that_cannot_be_read_is_unspecified(string content)
    {
        var runs = Directory.CreateTempSubdirectory("rapid-test-");
        try
        {
            var run = RunDirectory.Create(runs.FullName, LearnerAndReplay.Spec(1));
            File.WriteAllText(Path.Combine(run.Path, "state.json"), content);
            Assert.Equal(ExperimentState.Unspecified, run.ReadState().State);
            Assert.Equal(SpecWriter.ToYaml(LearnerAndReplay.Spec(1)), SpecWriter.ToYaml(run.ReadOptions()));
        }
        finally
        {
            runs.Delete(recursive: true);
        }
    }
}
