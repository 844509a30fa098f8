using Google.Protobuf;
using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

public class ReplayServiceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Blocks_come_out_once_and_in_order()
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t") });
        using var append = service.Client.Append();
        for (ulong i = 1; i <= 20; i++)
        {
            Assert.Equal(0, (await AppendAsync(append, "a/t", Blocks.Make("p", i))).Code);
        }

        using var sample = service.Client.Sample();
        await sample.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Credits = 20 });
        Assert.NotEmpty((await NextAsync(sample)).Opened.Incarnation);
        for (ulong i = 1; i <= 20; i++)
        {
            Assert.Equal(i, (await NextAsync(sample)).Item.Trajectory.Sequence);
        }

        var info = Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables);
        Assert.Equal((0ul, 20ul, 20ul), (info.Blocks, info.AppendedBlocks, info.UnacknowledgedBlocks));
    }

    [Fact]
    public async Task A_table_obeys_its_latest_owner_alone()
    {
        await using var service = await ReplayProcess.StartAsync();
        TableDefinition Owned(ulong epoch) => new(Blocks.Table("a/t")) { Epoch = epoch };
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Owned(5) });
        using var earlier = service.Client.Sample();
        await earlier.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Epoch = 5, Credits = 1 });
        Assert.NotEmpty((await NextAsync(earlier)).Opened.Incarnation);
        await AssertOutOfRangeAsync(async () => await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Owned(4) }));

        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Owned(6) });

        await AssertOutOfRangeAsync(() => earlier.ResponseStream.MoveNext(CancellationToken.None));
        using var again = service.Client.Sample();
        await again.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Epoch = 5, Credits = 1 });
        await AssertOutOfRangeAsync(() => again.ResponseStream.MoveNext(CancellationToken.None));
        await AssertOutOfRangeAsync(async () => await service.Client.DropTableAsync(new DropTableRequest { Name = "a/t", Epoch = 5 }));
        using var append = service.Client.Append();
        foreach (var (epoch, code) in ((ulong, StatusCode)[])[
            (5, StatusCode.OutOfRange), (6, StatusCode.OK), (0, StatusCode.OK), (ulong.MaxValue - 1, StatusCode.OK)])
        {
            var block = Blocks.Make("p", epoch + 1);
            await append.RequestStream.WriteAsync(new AppendRequest { Table = "a/t", Epoch = epoch, Trajectory = block });
            Assert.True(await append.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal(code, (StatusCode)append.ResponseStream.Current.Code);
        }

        // A block of a later epoch, true or not, takes the table away from nobody.
        Assert.True((await service.Client.DropTableAsync(new DropTableRequest { Name = "a/t", Epoch = 6 })).Existed);

        static async Task AssertOutOfRangeAsync(Func<Task> call) =>
            Assert.Equal(StatusCode.OutOfRange, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
    }

    [Fact]
    public async Task A_retried_block_is_recognised_and_stored_once()
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t") });
        using var append = service.Client.Append();
        Assert.False((await AppendAsync(append, "a/t", Blocks.Make("p", 1))).Duplicate);
        Assert.True((await AppendAsync(append, "a/t", Blocks.Make("p", 1))).Duplicate);
        Assert.False((await AppendAsync(append, "a/t", Blocks.Make("q", 1))).Duplicate);
        Assert.Equal(2ul, Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Blocks);
    }

    [Fact]
    public async Task A_full_table_holds_producers_back_until_a_learner_takes_a_block()
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", capacity: 8) });
        using var append = service.Client.Append();
        await AppendAsync(append, "a/t", Blocks.Make("p", 1));
        var second = AppendAsync(append, "a/t", Blocks.Make("p", 2));
        await Task.Delay(300);
        Assert.False(second.IsCompleted);
        using var sample = service.Client.Sample();
        await sample.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Credits = 1 });
        await NextAsync(sample);
        await NextAsync(sample);
        Assert.Equal(0, (await second.WaitAsync(Patience)).Code);
    }

    [Fact]
    public async Task Blocks_that_a_learner_did_not_acknowledge_are_delivered_again_in_order()
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t") });
        using var append = service.Client.Append();
        for (ulong i = 1; i <= 5; i++)
        {
            await AppendAsync(append, "a/t", Blocks.Make("p", i));
        }

        using (var first = service.Client.Sample())
        {
            await first.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Credits = 3 });
            await NextAsync(first);
            var taken = (await NextAsync(first)).Item;
            await NextAsync(first);
            await NextAsync(first);
            await first.RequestStream.WriteAsync(new SampleRequest { Acknowledged = { taken.Id } });
            await WaitUntilAsync(
                async () => Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).UnacknowledgedBlocks == 2);
        }

        await WaitUntilAsync(async () => Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Blocks == 4);
        using var second = service.Client.Sample();
        await second.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Credits = 10 });
        await NextAsync(second);
        foreach (var expected in new ulong[] { 2, 3, 4, 5 })
        {
            Assert.Equal(expected, (await NextAsync(second)).Item.Trajectory.Sequence);
        }
    }

    [Fact]
    public async Task A_killed_service_brings_back_from_Redis_what_was_acknowledged_and_not_consumed()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        var created = await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        using (var append = service.Client.Append())
        {
            for (ulong i = 1; i <= 10; i++)
            {
                Assert.Equal(0, (await AppendAsync(append, "a/t", Blocks.Make("p", i))).Code);
            }
        }

        using (var sample = service.Client.Sample())
        {
            await sample.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Credits = 3 });
            await NextAsync(sample);
            var consumed = (await NextAsync(sample)).Item;
            await sample.RequestStream.WriteAsync(new SampleRequest { Acknowledged = { consumed.Id } });
            await WaitUntilAsync(
                async () => Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).UnacknowledgedBlocks == 2);
        }

        service.Kill();
        await service.LaunchAsync();
        using (var append = service.Client.Append())
        {
            Assert.True((await AppendAsync(append, "a/t", Blocks.Make("p", 10))).Duplicate);
        }

        using var again = service.Client.Sample();
        await again.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Credits = 20 });
        Assert.Equal(created.Incarnation, (await NextAsync(again)).Opened.Incarnation);
        for (ulong i = 2; i <= 10; i++)
        {
            Assert.Equal(i, (await NextAsync(again)).Item.Trajectory.Sequence);
        }
    }

    [Fact]
    public async Task Appends_wait_while_Redis_is_away_and_go_on_when_it_is_back()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        using var append = service.Client.Append();
        await AppendAsync(append, "a/t", Blocks.Make("p", 1));
        redis.Kill();
        var waiting = AppendAsync(append, "a/t", Blocks.Make("p", 2));
        await Task.Delay(500);
        Assert.False(waiting.IsCompleted);
        redis.Start();
        Assert.Equal(0, (await waiting.WaitAsync(Patience)).Code);
        Assert.Equal(2ul, Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Blocks);
    }

    [Fact]
    public async Task A_memory_table_that_was_lost_comes_back_under_another_incarnation()
    {
        await using var service = await ReplayProcess.StartAsync();
        var before = await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t") });
        var again = await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t") });
        Assert.Equal(before.Incarnation, again.Incarnation);
        service.Kill();
        await service.LaunchAsync();
        var after = await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t") });
        Assert.NotEqual(before.Incarnation, after.Incarnation);
    }

    [Fact]
    public async Task Bad_blocks_are_refused_with_a_reason_and_the_stream_goes_on()
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t") });
        using var append = service.Client.Append();
        var longer = Blocks.Make("p", 9);
        longer.Columns[0].Tensor.Data = ByteString.CopyFrom(new byte[15]);
        var negative = Blocks.Make("p", 9);
        negative.Columns[0].Tensor.Shape[0] = -4;
        var twice = Blocks.Make("p", 9);
        twice.Columns.Add(twice.Columns[0].Clone());
        var unknownType = Blocks.Make("p", 9);
        unknownType.Columns[0].Tensor.Type = (DataType)99;
        foreach (var (block, reason) in new[]
        {
            (Blocks.Make("", 1), "producer"),
            (Blocks.Make("p", 0), "sequence"),
            (Blocks.Make("p", 9, reward: float.NaN), "'rewards' holds NaN at element 0"),
            (Blocks.Make("p", 9, reward: float.PositiveInfinity), "'rewards' holds Infinity at element 0"),
            (longer, "15 bytes"),
            (negative, "impossible shape"),
            (twice, "twice"),
            (unknownType, "unknown type 99"),
            (new Trajectory { Producer = "p", Sequence = 1, Steps = 4, Environments = 1 }, "no columns"),
            (new Trajectory { Producer = "p", Sequence = 1 }, "impossible"),
        })
        {
            var reply = await AppendAsync(append, "a/t", block);
            Assert.Equal((int)StatusCode.InvalidArgument, reply.Code);
            Assert.Contains(reason, reply.Message, StringComparison.Ordinal);
        }

        var missing = await AppendAsync(append, "a/u", Blocks.Make("p", 1));
        Assert.Equal((int)StatusCode.NotFound, missing.Code);
        Assert.Contains("a/t", missing.Message, StringComparison.Ordinal);
        Assert.Equal(0, (await AppendAsync(append, "a/t", Blocks.Make("p", 1))).Code);
        var otherShape = await AppendAsync(append, "a/t", Blocks.Make("p", 2, steps: 5));
        Assert.Equal((int)StatusCode.InvalidArgument, otherShape.Code);
        Assert.Equal(0, (await AppendAsync(append, "a/t", Blocks.Make("p", 3))).Code);
    }

    [Fact]
    public async Task Bad_tables_are_refused_with_the_right_status()
    {
        await using var service = await ReplayProcess.StartAsync();
        async Task<StatusCode> Create(TableDefinition? definition) =>
            (await Assert.ThrowsAsync<RpcException>(
                async () => await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition }))).StatusCode;

        Assert.Equal(StatusCode.InvalidArgument, await Create(null));
        Assert.Equal(StatusCode.InvalidArgument, await Create(Blocks.Table("")));
        Assert.Equal(StatusCode.InvalidArgument, await Create(Blocks.Table("x", capacity: 0)));
        Assert.Equal(StatusCode.InvalidArgument, await Create(Blocks.Table("x", (StoreKind)7)));
        Assert.Equal(StatusCode.FailedPrecondition, await Create(Blocks.Table("x", StoreKind.Redis)));
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("x") });
        Assert.Equal(StatusCode.AlreadyExists, await Create(Blocks.Table("x", capacity: 5)));
        using var sample = service.Client.Sample();
        await sample.RequestStream.WriteAsync(new SampleRequest { Table = "nowhere" });
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => NextAsync(sample))).StatusCode);
        Assert.True((await service.Client.DropTableAsync(new DropTableRequest { Name = "x" })).Existed);
        Assert.False((await service.Client.DropTableAsync(new DropTableRequest { Name = "x" })).Existed);
    }

    internal static async Task<AppendReply> AppendAsync(AsyncDuplexStreamingCall<AppendRequest, AppendReply> call, string table,
        Trajectory block)
    {
        await call.RequestStream.WriteAsync(new AppendRequest { Table = table, Trajectory = block });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
        return call.ResponseStream.Current;
    }

    internal static async Task<SampleReply> NextAsync(AsyncDuplexStreamingCall<SampleRequest, SampleReply> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
        return call.ResponseStream.Current;
    }

    internal static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "what was waited for did not happen");
            await Task.Delay(20);
        }
    }
}
