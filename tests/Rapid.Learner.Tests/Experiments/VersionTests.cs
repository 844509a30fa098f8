using System.Text.Json.Nodes;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Agents.State;
using Rapid.Hosting;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Runs;
using Rapid.Learner.Tests.Checkpoints;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Experiments;

/// <summary>What programs of other versions have written, and workers of other versions.</summary>
public sealed class VersionTests
{
    private static readonly string Older = $"{RapidVersion.Own.Major}.{RapidVersion.Own.Minor}.0";
    private static readonly string Newer = $"{RapidVersion.Own.Major}.{RapidVersion.Own.Minor + 1}.0";

    [Fact]
    public async Task A_worker_of_another_patch_version_is_given_work_and_one_of_another_minor_version_is_refused_by_name()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        var assignments = new Assignments.AssignmentsClient(services.ToLearner);

        using var older = assignments.Enlist(Actor("older"), Claim(Older));
        while (await older.ResponseStream.MoveNext(CancellationToken.None) && older.ResponseStream.Current.Slots.Count == 0)
        {
        }

        Assert.Equal(record.Directory.Id, older.ResponseStream.Current.Experiment);
        foreach (var call in (Func<Task>[])[EnlistAsync, StatsAsync])
        {
            var refused = await Assert.ThrowsAsync<RpcException>(call);
            Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
            Assert.Contains($"Rapid {Newer} and this is Rapid {RapidVersion.Own}", refused.Status.Detail, StringComparison.Ordinal);
        }

        async Task EnlistAsync()
        {
            using var newer = assignments.Enlist(Actor("newer"), Claim(Newer));
            await newer.ResponseStream.MoveNext(CancellationToken.None);
        }

        async Task StatsAsync() => await services.Replay.StatsAsync(new StatsRequest(), Claim(Newer));
    }

    [Fact]
    public async Task A_run_of_another_minor_version_waits_for_that_version()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        var run = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(1));
        SetVersion(run, Newer);
        await services.StartLearnerAsync();
        var record = services.Registry.Find(run.Id)!;

        await LearnerAndReplay.Until(() => record.IsObstructed);
        Assert.Equal(
            $"run {run.Id} is of Rapid {Newer} and this is Rapid {RapidVersion.Own}: versions work together when their first two numbers "
                + "are the same",
            record.Error);

        SetVersion(run, Older);
        await LearnerAndReplay.Until(() => record.State == ExperimentState.Running);
    }

    [Fact]
    public void A_checkpoint_of_another_minor_version_is_not_passed_over_one_of_a_patch_is_used_and_one_of_none_is_damaged()
    {
        var directory = Directory.CreateTempSubdirectory("rapid-test-");
        try
        {
            var store = new CheckpointStore(directory.FullName, keep: 3, NullLogger.Instance);
            store.Save(new Checkpoint(100, 1, new Dictionary<string, TensorData>(), []));
            store.Save(new Checkpoint(200, 2, new Dictionary<string, TensorData>(), []));
            var newest = store.NewestPath!;
            foreach (var usable in new[] { Older, $"{RapidVersion.Own}" })
            {
                SetVersion(newest, usable);
                Assert.Equal(200, store.Newest()!.Step);
            }

            SetVersion(newest, Newer);

            var refused = Assert.Throws<OtherVersionException>(() => store.Newest());
            Assert.Contains($"checkpoint {newest} is of Rapid {Newer} and this is Rapid", refused.Message, StringComparison.Ordinal);
            Assert.Contains(Newer, RunObstacle.Of(refused), StringComparison.Ordinal);

            SetVersion(newest, null);
            Assert.Equal(100, store.Newest()!.Step);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static CallOptions Claim(string version) =>
        new(new Metadata { { RapidVersion.Header, version } }, DateTime.UtcNow.AddSeconds(60));

    private static EnlistRequest Actor(string name) => new() { Worker = name, Role = WorkerRole.Actor, MaxSlots = 100 };

    private static void SetVersion(RunDirectory run, string version) =>
        Change(Path.Combine(run.Path, "run.json"), json => json["versions"]!["rapid"] = version);

    private static void SetVersion(string checkpoint, string? version)
    {
        Change(Path.Combine(checkpoint, "state.json"), json =>
        {
            json.Remove("rapid");
            if (version is not null)
            {
                json["rapid"] = version;
            }
        });
        CheckpointReading.Seal(checkpoint);
    }

    private static void Change(string path, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(json);
        File.WriteAllText(path, json.ToJsonString());
    }
}
