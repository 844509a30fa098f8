using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Replay;

public class TrajectoryReaderTests
{
    private static readonly TableDefinition Table = new()
    {
        Name = "run/rollouts",
        Kind = TableKind.Queue,
        Store = StoreKind.Memory,
        CapacitySteps = 1000,
    };

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Used_blocks_are_gone_and_others_come_again_to_the_next_reader()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await using (var reader = Open(services))
        {
            await reader.CreateTableAsync(default);
            await AppendAsync(services, ("a", 1), ("a", 2), ("b", 1));
            var first = await reader.ReadAsync(2, default).WaitAsync(Patience);
            Assert.Equal(("a", 1ul), (first.Trajectory.Producer, first.Trajectory.Sequence));
            Assert.Equal(2ul, (await reader.ReadAsync(1, default).WaitAsync(Patience)).Trajectory.Sequence);
            await reader.AcknowledgeAsync([first], default);
            await LearnerAndReplay.Until(() => services.Replay.Stats(new StatsRequest()).Tables[0].UnacknowledgedBlocks == 1);
        }

        await LearnerAndReplay.Until(() => services.Replay.Stats(new StatsRequest()).Tables[0].Blocks == 2);
        await using var next = Open(services);
        Assert.Equal(("a", 2ul), await ReadAsync(next));
        Assert.Equal(("b", 1ul), await ReadAsync(next));
    }

    [Fact]
    public async Task A_lost_table_is_made_anew_and_reported_once()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await using var reader = Open(services);
        await reader.CreateTableAsync(default);
        await AppendAsync(services, ("a", 1));
        Assert.Equal(("a", 1ul), await ReadAsync(reader));
        var waiting = reader.ReadAsync(1, default);
        await services.StopReplayAsync();
        await services.StartReplayAsync();
        await Assert.ThrowsAsync<TableLostException>(() => waiting.WaitAsync(Patience));

        // What was used already comes again from its producer, whose acknowledgement the old table took with it.
        await AppendAsync(services, ("a", 1), ("a", 2));
        Assert.Equal(("a", 2ul), await ReadAsync(reader));
    }

    [Fact]
    public async Task The_loss_of_a_table_that_was_never_read_is_noticed()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await using var reader = Open(services);
        await reader.CreateTableAsync(default);
        await services.StopReplayAsync();
        await services.StartReplayAsync();
        await Assert.ThrowsAsync<TableLostException>(() => reader.ReadAsync(1, default).WaitAsync(Patience));
    }

    [Fact]
    public async Task Giving_up_is_a_cancellation_whatever_the_service_does()
    {
        await using var services = new LearnerAndReplay();
        await using var reader = Open(services);
        using var early = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.CreateTableAsync(early.Token).WaitAsync(Patience));
        await services.StartReplayAsync();
        await reader.CreateTableAsync(default);
        using var late = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.ReadAsync(1, late.Token).WaitAsync(Patience));
    }

    private static TrajectoryReader Open(LearnerAndReplay services) =>
        new(Channels.Open(services.Options.Replay[0], services.Options), Table, NullLogger.Instance);

    private static async Task<(string, ulong)> ReadAsync(TrajectoryReader reader)
    {
        var block = await reader.ReadAsync(1, default).WaitAsync(Patience);
        return (block.Trajectory.Producer, block.Trajectory.Sequence);
    }

    private static async Task AppendAsync(LearnerAndReplay services, params (string Producer, ulong Sequence)[] blocks)
    {
        using var call = services.Replay.Append();
        foreach (var (producer, sequence) in blocks)
        {
            var block = new Trajectory
            {
                Experiment = "run",
                Producer = producer,
                Sequence = sequence,
                Steps = 4,
                Environments = 1,
                PolicyVersion = 1,
            };
            block.Add<float>(TrajectoryColumns.Rewards, [1, 1, 1, 1], 4, 1);
            block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, 3);
            await call.RequestStream.WriteAsync(new AppendRequest { Table = Table.Name, Trajectory = block });
            Assert.True(await call.ResponseStream.MoveNext(default));
            Assert.Equal((int)StatusCode.OK, call.ResponseStream.Current.Code);
        }
    }
}
