using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>The owner of a table gives it other limits, and loses nothing that fits.</summary>
public sealed class TableLimitTests
{
    // Blocks.Experience has 8 steps of 2 environments.
    private const ulong Block = 16;

    [Theory]
    [InlineData(TableKind.Uniform)]
    [InlineData(TableKind.Newest)]
    [InlineData(TableKind.Prioritised)]
    public async Task A_smaller_ring_keeps_its_newest_blocks_and_a_larger_one_all_and_they_are_what_they_were(TableKind kind)
    {
        using var ring = new Ring(Blocks.Ring("a/t", kind, capacity: 10 * Block));
        await AppendAsync(ring, 1, 12);
        AssertHolds(ring, 3, 12);

        await LimitAsync(ring, 4 * Block);
        AssertHolds(ring, 9, 12);
        await AppendAsync(ring, 13, 14);
        AssertHolds(ring, 11, 14);

        await LimitAsync(ring, 6 * Block);
        AssertHolds(ring, 11, 14);
        await AppendAsync(ring, 15, 17);
        AssertHolds(ring, 12, 17);
        Assert.Equal(11ul, ring.Table.Info().EvictedBlocks);
    }

    [Fact]
    public async Task Priorities_move_with_their_items_and_decide_what_gives_way_where_the_table_says_so()
    {
        var definition = Blocks.Ring("a/t", TableKind.Prioritised, capacity: 4 * Block);
        (definition.PriorityExponent, definition.Eviction) = (1, Eviction.LowestPriority);
        using var ring = new Ring(definition);
        await AppendAsync(ring, 1, 4);
        foreach (var (block, priority) in new[] { (1ul, 8.0), (2ul, 0.0), (3ul, 4.0), (4ul, 1.0) })
        {
            ring.Table.UpdatePriorities([.. Items(block).Select(id => new PriorityUpdate { Id = id, Priority = priority })]);
        }

        await LimitAsync(ring, 2 * Block);

        Assert.Equal([1ul, 3ul], ring.Table.BlockIds());
        ring.Table.UpdatePriorities([.. Items(1).Select(id => new PriorityUpdate { Id = id, Priority = 0 })]);
        Assert.All(ring.Draw(64).Ids, id => Assert.Equal(3ul, id / Block));
        await AppendAsync(ring, 5, 5);
        Assert.Equal([3ul, 5ul], ring.Table.BlockIds());
        // A new block has the highest priority of all times.
        ring.Table.UpdatePriorities([.. Items(3).Select(id => new PriorityUpdate { Id = id, Priority = 0 })]);
        Assert.All(ring.Draw(64).Ids, id => Assert.Equal(5ul, id / Block));
    }

    [Fact]
    public async Task Memory_is_what_the_table_holds_and_a_table_that_does_not_fit_stays_as_it_was()
    {
        var ring = new Ring(Blocks.Ring("a/t", capacity: 10 * Block), memory: 200_000);
        await AppendAsync(ring, 1, 10);
        await LimitAsync(ring, 4 * Block);
        await LimitAsync(ring, 10 * Block);
        await AppendAsync(ring, 11, 20);
        var used = ring.Memory.Used;

        var refused = await Assert.ThrowsAsync<RpcException>(() => LimitAsync(ring, 10_000 * Block));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal(used, ring.Memory.Used);
        AssertHolds(ring, 11, 20);
        ring.Dispose();
        Assert.Equal(0, ring.Memory.Used);
    }

    [Theory]
    [InlineData(64, 320)]
    [InlineData(320, 64)]
    public async Task Neither_side_waits_for_what_the_other_did_under_other_limits(ulong before, ulong after)
    {
        var definition = Blocks.Ring("a/t", capacity: 100 * Block);
        definition.MinimumSteps = before;
        definition.RateLimiter = new RateLimiter { SamplesPerInsert = 2, ErrorBuffer = 64 };
        using var ring = new Ring(definition);
        for (ulong block = 1; block <= 30; block++)
        {
            await AppendAsync(ring, block, block);
            while (ring.Table.TryDraw(Ring.Buffer((int)Block)))
            {
            }
        }

        await ring.Table.LimitAsync(new(definition) { MinimumSteps = after }, CancellationToken.None);

        Assert.True(ring.Table.TryDraw(Ring.Buffer((int)Block)), ring.Table.WhyWaiting());
        await AppendAsync(ring, 31, 31);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Its_owner_alone_gives_a_table_other_limits_and_they_are_there_after_a_kill(StoreKind store)
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await CreateAsync(8, epoch: 5);
        await RingServiceTests.AppendAsync(service, "a/t", 1, 8);

        Assert.Equal(StatusCode.AlreadyExists, await RefusalAsync(() => CreateAsync(4, epoch: 0)));
        Assert.Equal(StatusCode.OutOfRange, await RefusalAsync(() => CreateAsync(4, epoch: 4)));
        var info = await CreateAsync(4, epoch: 6);
        Assert.Equal((4 * Block, 4ul, 6ul), (info.Definition.CapacitySteps, info.Blocks, info.Definition.Epoch));
        await RingServiceTests.AppendAsync(service, "a/t", 9, 9);

        if (store == StoreKind.Redis)
        {
            service.Kill();
            await service.LaunchAsync();
        }

        info = await CreateAsync(4, epoch: 6);
        Assert.Equal((4ul, 9 * Block), (info.Blocks, info.InsertedSteps));
        Assert.Equal([6ul, 7ul, 8ul, 9ul], (await RingServiceTests.ExportAsync(service, "a/t")).Select(item => item.Trajectory.Sequence));

        async Task<TableInfo> CreateAsync(ulong blocks, ulong epoch) => await service.Client.CreateTableAsync(
            new CreateTableRequest { Definition = new(Blocks.Ring("a/t", store: store, capacity: blocks * Block)) { Epoch = epoch } });
    }

    [Fact]
    public async Task A_queue_that_becomes_larger_lets_its_producers_go_on()
    {
        await using var service = await ReplayProcess.StartAsync();
        var small = new TableDefinition(Blocks.Table("a/q", capacity: 4)) { Epoch = 1 };
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = small });
        using var append = service.Client.Append();
        var waiting = ReplayServiceTests.AppendAsync(append, "a/q", Blocks.Make("p", 1));
        await ReplayServiceTests.WaitUntilAsync(
            async () => (await service.Client.StatsAsync(new StatsRequest())).Tables.Single().Blocks == 1);
        Assert.False(waiting.IsCompleted);

        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = new(small) { CapacitySteps = 8, Epoch = 2 } });

        Assert.Equal(0, (await waiting).Code);
    }

    private static async Task<StatusCode> RefusalAsync(Func<Task> call) =>
        (await Assert.ThrowsAsync<RpcException>(call)).StatusCode;

    private static Task LimitAsync(Ring ring, ulong capacity) =>
        ring.Table.LimitAsync(new(ring.Table.Definition) { CapacitySteps = capacity }, CancellationToken.None);

    private static async Task AppendAsync(Ring ring, ulong first, ulong last)
    {
        for (var block = first; block <= last; block++)
        {
            await ring.AppendAsync(Blocks.Experience(block));
        }
    }

    private static IEnumerable<ulong> Items(ulong block) => Enumerable.Range(0, (int)Block).Select(i => block * Block + (ulong)i);

    /// <summary>Sequences are ids here.</summary>
    private static void AssertHolds(Ring ring, ulong first, ulong last)
    {
        var held = Enumerable.Range(0, (int)(last - first + 1)).Select(i => first + (ulong)i).ToList();
        Assert.Equal(held, ring.Table.BlockIds());
        var batch = ring.Draw(400);
        var actions = batch.Read<long>("actions");
        for (var i = 0; i < actions.Length; i++)
        {
            var (block, row) = (batch.Ids[i] / Block, (int)(batch.Ids[i] % Block));
            Assert.Contains(block, held);
            Assert.Equal((long)block * 1000 + row / 2 * 10 + row % 2, actions[i]);
        }
    }
}
