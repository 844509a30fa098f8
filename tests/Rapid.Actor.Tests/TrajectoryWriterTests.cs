using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Policies.Tests;
using Rapid.Protocol.V1;
using Rapid.Replay.Tests;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

public sealed class TrajectoryWriterTests : IDisposable
{
    private const string Table = "test/rollouts";

    private readonly Sockets _sockets = new();

    public void Dispose() => _sockets.Dispose();

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.OK)]
    public async Task What_was_not_acknowledged_is_sent_again_as_it_was(StatusCode status)
    {
        await using var replay = await FlakyReplay.StartAsync(_sockets);
        using var writer = new TrajectoryWriter(replay.Channel, Table, NullLogger.Instance);
        var appending = writer.AppendAsync(Block("p", 1), default);
        replay.Answer(_ => status == StatusCode.OK ? null : throw new RpcException(new Status(status, "as the test says")));
        await Until(() => replay.Requests.Count == 2);
        Assert.False(appending.IsCompleted);

        replay.Answer(FlakyReplay.Ok);
        await appending.WaitAsync(Patience);

        Assert.Equal(replay.Requests[0], replay.Requests[1]);
        Assert.Equal(new AppendRequest { Table = Table, Trajectory = Block("p", 1) }, replay.Requests[0]);
    }

    [Theory]
    [InlineData(StatusCode.NotFound)]
    [InlineData(StatusCode.ResourceExhausted)]
    public async Task A_refusal_that_may_pass_is_tried_again(StatusCode code)
    {
        await using var replay = await FlakyReplay.StartAsync(_sockets);
        using var writer = new TrajectoryWriter(replay.Channel, Table, NullLogger.Instance);
        replay.Answer(request => FlakyReplay.Refuse(request, code));
        replay.Answer(FlakyReplay.Ok);

        await writer.AppendAsync(Block("p", 1), default).WaitAsync(Patience);

        Assert.Equal([1ul, 1ul], replay.Requests.Select(request => request.Trajectory.Sequence));
    }

    [Fact]
    public async Task A_block_that_is_refused_for_good_is_reported_and_dropped_and_the_next_goes_on()
    {
        var log = new LogLines();
        await using var replay = await FlakyReplay.StartAsync(_sockets);
        using var writer = new TrajectoryWriter(replay.Channel, Table, log);
        replay.Answer(request => FlakyReplay.Refuse(request, StatusCode.InvalidArgument));
        replay.Answer(FlakyReplay.Ok);

        await writer.AppendAsync(Block("p", 1), default).WaitAsync(Patience);
        await writer.AppendAsync(Block("p", 2), default).WaitAsync(Patience);

        Assert.Equal([1ul, 2ul], replay.Requests.Select(request => request.Trajectory.Sequence));
        var error = Assert.Single(log.All, line => line.Level == LogLevel.Error).Text;
        Assert.Contains("block 1 of p was refused and is dropped: as the test says", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_block_that_was_given_up_does_not_lend_its_answer_to_the_next()
    {
        await using var replay = await FlakyReplay.StartAsync(_sockets);
        using var writer = new TrajectoryWriter(replay.Channel, Table, NullLogger.Instance);
        using var givingUp = new CancellationTokenSource();
        var first = writer.AppendAsync(Block("p", 1), givingUp.Token);
        await Until(() => replay.Requests.Count == 1);
        await givingUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Patience));

        var second = writer.AppendAsync(Block("p", 2), default);
        await Until(() => replay.Requests.Count == 2);
        Assert.False(second.IsCompleted);
        replay.Answer(FlakyReplay.Ok);

        await second.WaitAsync(Patience);
        Assert.Equal(2, replay.Requests.Count);
    }

    [Fact]
    public async Task A_block_whose_acknowledgement_was_lost_is_in_the_table_once()
    {
        await using var replay = await ReplayServer.StartAsync(_sockets);
        await replay.CreateTableAsync(Table, capacitySteps: 100);
        for (var life = 0; life < 3; life++)
        {
            using var writer = new TrajectoryWriter(replay.Channel, Table, NullLogger.Instance);
            await writer.AppendAsync(Block("p", 1), default).WaitAsync(Patience);
        }

        var table = replay.Table(Table);
        Assert.Equal((1ul, 1ul, 2ul), (table.Blocks, table.AppendedBlocks, table.DuplicateBlocks));
    }

    [Fact]
    public async Task A_full_table_holds_the_writer_back_until_somebody_reads()
    {
        await using var replay = await ReplayServer.StartAsync(_sockets);
        await replay.CreateTableAsync(Table, capacitySteps: 8);
        using var writer = new TrajectoryWriter(replay.Channel, Table, NullLogger.Instance);
        var written = 0;
        var writing = Task.Run(async () =>
        {
            for (ulong sequence = 1; sequence <= 20; sequence++)
            {
                await writer.AppendAsync(Block("p", sequence), default);
                Interlocked.Increment(ref written);
            }
        });
        await Until(() => replay.Table(Table).Blocks == 2);

        // Nothing happens now however long one waits; a writer that does not wait is far beyond this by then.
        await Task.Delay(300);
        Assert.Equal(2ul, replay.Table(Table).AppendedBlocks);
        Assert.Equal(1, Volatile.Read(ref written));

        var blocks = replay.Read(Table);
        await writing.WaitAsync(Patience);
        await Until(() => blocks.Count == 20);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => (ulong)i), blocks.Select(block => block.Sequence));
    }

    [Fact]
    public async Task Giving_up_works_while_the_table_is_full_and_while_replay_is_away()
    {
        await using var replay = await ReplayServer.StartAsync(_sockets);
        await replay.CreateTableAsync(Table, capacitySteps: 4);
        using var writer = new TrajectoryWriter(replay.Channel, Table, NullLogger.Instance);
        using var full = new CancellationTokenSource();
        var waiting = writer.AppendAsync(Block("p", 1), full.Token);
        await Until(() => replay.Table(Table).Blocks == 1);
        await full.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience));

        await replay.StopAsync();
        using var away = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writer.AppendAsync(Block("p", 2), away.Token).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_replay_process_that_is_killed_and_started_again_gets_what_was_open_in_order()
    {
        await using var replay = await ReplayProcess.StartAsync();
        async Task CreateTable() => await replay.Client.CreateTableAsync(new CreateTableRequest
        {
            Definition = new TableDefinition { Name = Table, Kind = TableKind.Queue, Store = StoreKind.Memory, CapacitySteps = 1000 },
        });
        await CreateTable();
        using var writer = new TrajectoryWriter(replay.Channel, Table, NullLogger.Instance);
        await writer.AppendAsync(Block("p", 1), default).WaitAsync(Patience);

        replay.Kill();
        var appending = writer.AppendAsync(Block("p", 2), default);
        await replay.LaunchAsync();

        // The table went with the process; its learner makes it again some time later.
        Assert.False(appending.IsCompleted);
        await CreateTable();
        await appending.WaitAsync(Patience);
        await writer.AppendAsync(Block("p", 3), default).WaitAsync(Patience);

        var table = replay.Client.Stats(new StatsRequest()).Tables.Single();
        Assert.Equal((2ul, 0ul), (table.Blocks, table.DuplicateBlocks));
    }
}
