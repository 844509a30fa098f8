using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Replay;

/// <summary>A queue as the learner reads it from one real replay service.</summary>
public class QueueClientTests
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
            await reader.CreateAsync(default);
            await AppendAsync(services, ("a", 1), ("a", 2), ("b", 1));
            await reader.RequestAsync(2, default);
            var first = (await NextAsync(reader))!;
            Assert.Equal(("a", 1ul), (first.Trajectory.Producer, first.Trajectory.Sequence));
            Assert.Equal(2ul, (await NextAsync(reader))!.Trajectory.Sequence);
            await reader.ReleaseAsync([first], default);
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
        await reader.CreateAsync(default);
        await AppendAsync(services, ("a", 1));
        Assert.Equal(("a", 1ul), await ReadAsync(reader));
        var waiting = ReadAsync(reader);
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
        await reader.CreateAsync(default);
        await services.StopReplayAsync();
        await services.StartReplayAsync();
        await Assert.ThrowsAsync<TableLostException>(() => ReadAsync(reader));
    }

    [Fact]
    public async Task Blocks_of_a_lost_table_are_not_acknowledged_to_the_one_that_was_made_after_it()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await using var reader = Open(services);
        await reader.CreateAsync(default);
        await AppendAsync(services, ("a", 1));
        await reader.RequestAsync(1, default);
        var lost = (await NextAsync(reader))!;
        await services.StopReplayAsync();
        await services.StartReplayAsync();
        await Assert.ThrowsAsync<TableLostException>(() => ReadAsync(reader));
        await AppendAsync(services, ("a", 2), ("a", 3));
        var kept = (await NextAsync(reader))!;
        Assert.Equal(lost.Id, kept.Id);

        // Acknowledgements and credits travel in order: when the next block is here, both were seen.
        await reader.ReleaseAsync([lost], default);
        Assert.Equal(("a", 3ul), await ReadAsync(reader));
        Assert.Equal(2ul, services.Replay.Stats(new StatsRequest()).Tables[0].UnacknowledgedBlocks);
    }

    [Fact]
    public async Task Giving_up_is_a_cancellation_whatever_the_service_does()
    {
        await using var services = new LearnerAndReplay();
        await using var reader = Open(services);
        using var early = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.CreateAsync(early.Token).WaitAsync(Patience));
        await services.StartReplayAsync();
        await reader.CreateAsync(default);
        using var late = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await reader.RequestAsync(1, default);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.ReadAsync(late.Token).AsTask().WaitAsync(Patience));
    }

    private static TableClient<ReceivedBlock> Open(LearnerAndReplay services) => new(
        Channels.Open(services.Options.Replay[0], services.Options), Table, new QueueProtocol(Table, NullLogger.Instance),
        NullLogger.Instance);

    private static Task<ReceivedBlock?> NextAsync(TableClient<ReceivedBlock> reader) =>
        reader.ReadAsync(default).AsTask().WaitAsync(Patience);

    private static async Task<(string, ulong)> ReadAsync(TableClient<ReceivedBlock> reader)
    {
        await reader.RequestAsync(1, default);
        var block = (await NextAsync(reader))!;
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
