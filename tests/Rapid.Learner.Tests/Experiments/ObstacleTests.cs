using Google.Protobuf.Collections;
using Grpc.Core;
using Rapid.Learner.Runs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Experiments;

/// <summary>Runs that something keeps from going on wait until it is mended; those that have ended can be taken up again.</summary>
public class ObstacleTests
{
    [Fact]
    public async Task A_refused_token_is_waited_for_and_said()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync(token: "another");
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));

        await LearnerAndReplay.Until(() => record.IsObstructed);
        var listed = Assert.Single((await services.Experiments.ListAsync(new ListRequest())).Experiments);
        Assert.Equal(ExperimentState.Pending, listed.State);
        Assert.Contains("refuses the token", listed.Error, StringComparison.Ordinal);

        await services.StopReplayAsync();
        await services.StartReplayAsync();
        await LearnerAndReplay.Until(() => record.State == ExperimentState.Running && Tables(services).Count == 1);
        Assert.Equal("", record.Error);
    }

    [Fact]
    public async Task A_token_that_is_refused_in_the_middle_of_a_run_leaves_a_checkpoint()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        await LearnerAndReplay.Until(() => record.State == ExperimentState.Running && Tables(services).Count == 1);

        await services.StopReplayAsync();
        await services.StartReplayAsync(token: "another");

        await LearnerAndReplay.Until(() => record.IsObstructed);
        Assert.NotEmpty(Directory.GetDirectories(record.Directory.Checkpoints, "step-*"));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_waited_for_while_others_run()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        var full = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(1));
        var obstacle = Path.Combine(full.Path, "tensorboard");
        File.WriteAllText(obstacle, "a file where a folder should be");
        await services.StartLearnerAsync();
        var (record, next) = (services.Registry.Find(full.Id)!, services.Registry.Submit(LearnerAndReplay.Spec(2)));

        await LearnerAndReplay.Until(() => next.State == ExperimentState.Running);
        Assert.True(record.IsObstructed);
        Assert.Contains("tensorboard", record.Error, StringComparison.Ordinal);

        File.Delete(obstacle);
        await services.Experiments.CancelAsync(new CancelRequest { Id = next.Directory.Id });
        await LearnerAndReplay.Until(() => record.State == ExperimentState.Running);
    }

    [Fact]
    public async Task A_checkpoint_without_room_is_written_when_there_is_room()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        await LearnerAndReplay.Until(() => record.State == ExperimentState.Running && Tables(services).Count == 1);
        File.WriteAllText(record.Directory.Checkpoints, "a file where a folder should be");

        await services.StopReplayAsync();
        await services.StartReplayAsync(token: "another");
        await LearnerAndReplay.Until(() => record.Error.Contains("checkpoint", StringComparison.Ordinal));
        File.Delete(record.Directory.Checkpoints);

        await LearnerAndReplay.Until(() => record.Error.Contains("refuses the token", StringComparison.Ordinal));
        Assert.Single(Directory.GetDirectories(record.Directory.Checkpoints, "step-*"));
    }

    [Fact]
    public async Task A_table_of_another_definition_is_waited_for()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        var run = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(1));
        var name = $"{run.Id}.{run.Identity}/rollouts";
        var other = new TableDefinition { Name = name, Kind = TableKind.Queue, Store = StoreKind.Memory, CapacitySteps = 7 };
        await services.Replay.CreateTableAsync(new CreateTableRequest { Definition = other });
        await services.StartLearnerAsync();
        var record = services.Registry.Find(run.Id)!;

        await LearnerAndReplay.Until(() => record.IsObstructed);
        Assert.Contains(name, record.Error, StringComparison.Ordinal);

        // Dropped by an operator, who is nobody's epoch.
        await services.Replay.DropTableAsync(new DropTableRequest { Name = name });
        await LearnerAndReplay.Until(() =>
            record.State == ExperimentState.Running && Tables(services) is [{ Definition.CapacitySteps: > 7 }]);
    }

    [Fact]
    public async Task A_cancelled_and_a_failed_run_are_taken_up_again_and_a_finished_one_is_not()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        var finished = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(3));
        finished.WriteState(ExperimentState.Finished, null);
        var failed = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(2));
        failed.WriteState(ExperimentState.Failed, "once");
        await services.StartLearnerAsync();
        var cancelled = services.Registry.Submit(LearnerAndReplay.Spec(1)).Directory.Id;
        await LearnerAndReplay.Until(() => services.Registry.Find(cancelled)!.State == ExperimentState.Running);
        await services.Experiments.CancelAsync(new CancelRequest { Id = cancelled });
        await LearnerAndReplay.Until(() => services.Registry.Find(cancelled)!.State == ExperimentState.Cancelled);

        foreach (var id in (string[])[cancelled, failed.Id])
        {
            var resumed = await services.Experiments.ResumeAsync(new ResumeRequest { Id = id });
            Assert.Equal("", resumed.Error);
            await LearnerAndReplay.Until(() => services.Registry.Find(id)!.State == ExperimentState.Running);
            Assert.Equal(id, (await services.Experiments.ResumeAsync(new ResumeRequest { Id = id })).Id);
            await services.Experiments.CancelAsync(new CancelRequest { Id = id });
        }

        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await services.Experiments.ResumeAsync(new ResumeRequest { Id = finished.Id }));
        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
    }

    [Fact]
    public async Task A_run_that_kills_its_learner_at_every_start_is_stopped_until_somebody_resumes_it()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        var run = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(1));
        for (var life = 0; life < 5; life++)
        {
            // Begun, and never ended.
            Assert.Equal(life, run.BeginLife().Deaths);
        }

        await services.StartLearnerAsync();
        await LearnerAndReplay.Until(() => services.Registry.Find(run.Id)!.State == ExperimentState.Failed);
        Assert.Contains("died 5 times", services.Registry.Find(run.Id)!.Error, StringComparison.Ordinal);

        await services.Experiments.ResumeAsync(new ResumeRequest { Id = run.Id });
        await LearnerAndReplay.Until(() => services.Registry.Find(run.Id)!.State == ExperimentState.Running);
    }

    [Fact]
    public void A_new_checkpoint_between_two_deaths_starts_the_count_again_and_epochs_only_grow()
    {
        var runs = Directory.CreateTempSubdirectory("rapid-test-");
        try
        {
            var run = RunDirectory.Create(runs.FullName, LearnerAndReplay.Spec(1));
            var first = run.BeginLife();
            Directory.CreateDirectory(Path.Combine(run.Checkpoints, "step-000000000001"));
            var second = run.BeginLife();
            var third = run.BeginLife();
            Assert.Equal((0, 0, 1), (first.Deaths, second.Deaths, third.Deaths));
            File.WriteAllText(Path.Combine(run.Path, "life.json"), "");
            var fourth = run.BeginLife();
            Assert.Equal(0, fourth.Deaths);
            Assert.True(first.Epoch < second.Epoch && second.Epoch < third.Epoch && third.Epoch <= fourth.Epoch);
        }
        finally
        {
            runs.Delete(recursive: true);
        }
    }

    private static RepeatedField<TableInfo> Tables(LearnerAndReplay services) => services.Replay.Stats(new StatsRequest()).Tables;
}
