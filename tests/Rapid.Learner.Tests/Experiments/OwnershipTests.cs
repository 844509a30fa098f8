using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Learner.Runs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Experiments;

/// <summary>A run has one owner, whatever learners there are.</summary>
public class OwnershipTests
{
    [Fact]
    public async Task Two_learners_on_one_folder_train_a_run_once_and_the_second_takes_over_when_the_first_has_gone()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var first = services.Registry.Submit(LearnerAndReplay.Spec(1));
        await LearnerAndReplay.Until(() => first.State == ExperimentState.Running && Tables(services).Count == 1);
        var epoch = Tables(services)[0].Definition.Epoch;

        var other = await services.StartOtherLearnerAsync("other");
        await using var _ = other;
        var second = other.Services.GetRequiredService<ExperimentRegistry>().Find(first.Directory.Id)!;
        await LearnerAndReplay.Until(() => second.IsObstructed);
        Assert.Contains("another process trains it", second.Error, StringComparison.Ordinal);
        Assert.Equal(ExperimentState.Running, first.Directory.ReadState().State);
        using var toOther = Channels.Open(services.Socket("other"), services.Options);
        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await new Protocol.V1.Experiments.ExperimentsClient(toOther)
            .CancelAsync(new CancelRequest { Id = first.Directory.Id }));
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        Assert.Equal(epoch, Tables(services).Single().Definition.Epoch);

        await services.StopLearnerAsync();

        await LearnerAndReplay.Until(() => second.State == ExperimentState.Running);
        await LearnerAndReplay.Until(() => Tables(services).Single().Definition.Epoch > epoch);
        await other.StopAsync();
    }

    [Fact]
    public async Task Runs_of_the_same_name_and_seed_of_two_learners_have_tables_of_their_own()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        await using var other = await services.StartOtherLearnerAsync("other", services.Runs + "-of-another");
        var mine = services.Registry.Submit(LearnerAndReplay.Spec(1));
        var theirs = other.Services.GetRequiredService<ExperimentRegistry>().Submit(LearnerAndReplay.Spec(1));

        Assert.Equal(mine.Directory.Id, theirs.Directory.Id);
        await LearnerAndReplay.Until(() => Tables(services).Count == 2);
        await services.Experiments.CancelAsync(new CancelRequest { Id = mine.Directory.Id });
        await LearnerAndReplay.Until(() => mine.State == ExperimentState.Cancelled);
        Assert.Single(Tables(services));
        Assert.Equal(ExperimentState.Running, theirs.State);
        await other.StopAsync();
    }

    [Fact]
    public async Task A_copy_of_a_run_that_another_learner_takes_up_is_not_trained_by_both()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var original = services.Registry.Submit(LearnerAndReplay.Spec(1));
        await LearnerAndReplay.Until(() => original.State == ExperimentState.Running && Tables(services).Count == 1);
        var copies = Directory.CreateDirectory(services.Runs + "-copied").FullName;
        var copy = Directory.CreateDirectory(Path.Combine(copies, original.Directory.Id)).FullName;
        foreach (var file in (string[])["run.json", "state.json", "life.json"])
        {
            File.Copy(Path.Combine(original.Directory.Path, file), Path.Combine(copy, file));
        }

        await using var other = await services.StartOtherLearnerAsync("other", copies);
        var taken = other.Services.GetRequiredService<ExperimentRegistry>().All.Single();

        await LearnerAndReplay.Until(() => original.State == ExperimentState.Failed);
        Assert.Contains("another learner has taken up the run", original.Error, StringComparison.Ordinal);
        Assert.Equal(ExperimentState.Running, taken.State);
        Assert.Single(Tables(services));
        await other.StopAsync();
    }

    [Fact]
    public async Task Blocks_of_a_policy_that_was_never_published_are_dropped()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        await LearnerAndReplay.Until(() => record.State == ExperimentState.Running && Tables(services).Count == 1);
        using var call = services.Replay.Append();
        ulong sequence = 0;
        foreach (var version in (long[])[0, -3, 1_000_000_000])
        {
            var block = Declared(Tables(services)[0].Definition.Block);
            (block.Sequence, block.PolicyVersion) = (++sequence, version);
            await call.RequestStream.WriteAsync(
                new AppendRequest { Table = Tables(services)[0].Definition.Name, Trajectory = block });
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal("", call.ResponseStream.Current.Message);
        }

        await LearnerAndReplay.Until(() => Tables(services)[0] is { AppendedBlocks: 3, Blocks: 0, UnacknowledgedBlocks: 0 });
        Assert.Equal(ExperimentState.Running, record.State);
    }

    [Fact]
    public async Task A_learner_whose_port_is_taken_touches_no_run()
    {
        await using var services = new LearnerAndReplay();
        var run = RunDirectory.Create(services.Runs, LearnerAndReplay.Spec(1));
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var options = services.Options with { Listen = [ServiceAddress.Parse($"http://{taken.LocalEndpoint}")] };
        await using (var learner = LearnerHost.Build(options, LogLevel.Critical))
        {
            await Assert.ThrowsAsync<IOException>(() => learner.StartAsync());
        }

        Assert.Equal(ExperimentState.Pending, run.ReadState().State);
        Assert.False(File.Exists(Path.Combine(run.Path, "life.json")));
    }

    /// <summary>A block of zeros as a table takes it.</summary>
    private static Trajectory Declared(BlockSignature signature)
    {
        var block = new Trajectory
        {
            Experiment = signature.Experiment,
            Producer = "stranger",
            Steps = signature.Steps,
            Environments = signature.Environments,
        };
        foreach (var column in signature.Columns)
        {
            var shape = column.Shape.Select(size => Math.Max(size, 0)).ToList();
            var size = column.Type switch { DataType.Uint8 => 1, DataType.Float32 or DataType.Int32 => 4, _ => 8 };
            var bytes = new byte[size * shape.Aggregate(1L, (product, next) => product * next)];
            var tensor = new Tensor { Type = column.Type, Shape = { shape }, Data = ByteString.CopyFrom(bytes) };
            block.Columns.Add(new Column { Name = column.Name, Tensor = tensor });
        }

        return block;
    }

    private static RepeatedField<TableInfo> Tables(LearnerAndReplay services) => services.Replay.Stats(new StatsRequest()).Tables;
}
