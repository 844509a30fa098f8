using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>Tables whose blocks are in a real Redis and mostly not in memory.</summary>
public class RingRedisTests
{
    // A block of 8 steps of 2 environments with 3 numbers an observation: memory for two of them.
    private const ulong TwoBlocks = 2 * (18 * 3 * 4 + 16 * 8 + 16 * 4 + 32);

    [Fact]
    public async Task Cold_blocks_are_drawn_as_well_as_hot_ones_and_evicted_ones_leave_Redis()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Cold("a/t") });
        await RingServiceTests.AppendAsync(service, "a/t", 1, 15);
        using var sample = await RingServiceTests.OpenAsync(service, "a/t", batch: 200, credits: 20);
        var ids = new HashSet<ulong>();
        for (var i = 0; i < 20; i++)
        {
            ids.UnionWith(Check((await ReplayServiceTests.NextAsync(sample)).Batch));
        }

        Assert.Equal(Enumerable.Range(6, 10).SelectMany(block => Enumerable.Range(0, 16).Select(i => (ulong)(block * 16 + i))),
            ids.Order());
        var info = Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables);
        Assert.True(info.ColdBlocks >= 8);

        // The last eviction waits for the next append.
        var length = await RedisLengthAsync(redis, "a/t");
        Assert.InRange(length, 10, 11);
    }

    [Fact]
    public async Task Priorities_are_there_again_after_a_kill_and_leave_Redis_with_their_blocks()
    {
        const ulong Likely = 2 * 16 + 5;
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        var definition = Blocks.Ring("a/t", TableKind.Prioritised, StoreKind.Redis, capacity: 160);
        definition.PriorityExponent = 0.6;
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition });
        await RingServiceTests.AppendAsync(service, "a/t", 1, 3);
        using (var update = await RingServiceTests.OpenAsync(service, "a/t", batch: 1))
        {
            var request = new SampleRequest();
            request.Priorities.AddRange(Enumerable.Range(16, 48).Select(
                id => new PriorityUpdate { Id = (ulong)id, Priority = (ulong)id == Likely ? 7 : 0 }));
            await update.RequestStream.WriteAsync(request);
            await redis.WaitForAsync("128", "STRLEN", "rapid:{a/t}:priorities:3");
        }

        service.Kill();
        await service.LaunchAsync();
        using (var sample = await RingServiceTests.OpenAsync(service, "a/t", batch: 100, credits: 1))
        {
            Assert.All((await ReplayServiceTests.NextAsync(sample)).Batch.Ids, id => Assert.Equal(Likely, id));
        }

        // A new item gets the highest priority of the table's life, not of the service's.
        await RingServiceTests.AppendAsync(service, "a/t", 4, 4);
        using (var sample = await RingServiceTests.OpenAsync(service, "a/t", batch: 3400, credits: 1))
        {
            Assert.InRange((await ReplayServiceTests.NextAsync(sample)).Batch.Ids.Count(id => id == Likely), 130, 280);
        }

        await RingServiceTests.AppendAsync(service, "a/t", 5, 15);
        Assert.Equal("", (await redis.CommandAsync("KEYS", "rapid:{a/t}:priorities:*")).Trim());
    }

    [Fact]
    public async Task A_killed_service_goes_on_with_what_Redis_holds()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        var created = await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Cold("a/t") });
        await RingServiceTests.AppendAsync(service, "a/t", 1, 14);
        service.Kill();
        await service.LaunchAsync();
        var info = Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables);
        Assert.Equal((created.Incarnation, 10ul, 14ul * 16), (info.Incarnation, info.Blocks, info.InsertedSteps));
        using (var append = service.Client.Append())
        {
            Assert.True((await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Experience(14))).Duplicate);
        }

        await RingServiceTests.AppendAsync(service, "a/t", 15, 15);
        Assert.Equal(Enumerable.Range(6, 10).Select(id => (ulong)id),
            (await RingServiceTests.ExportAsync(service, "a/t")).Select(item => item.Id));
        using var sample = await RingServiceTests.OpenAsync(service, "a/t", batch: 500, credits: 1);
        Check((await ReplayServiceTests.NextAsync(sample)).Batch);
    }

    [Theory]
    [InlineData(StoreKind.Redis)]
    [InlineData(StoreKind.Fsync)]
    public async Task Random_kills_of_the_service_and_of_Redis_lose_no_acknowledged_block_and_repeat_none(StoreKind store)
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        var definition = Cold("a/t", capacity: 100_000);
        definition.Store = store;
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition });
        using var ended = new CancellationTokenSource();
        var producers = Enumerable.Range(0, 2).Select(producer => Task.Run(() => ProduceAsync(service, $"{producer}", ended.Token)))
            .ToArray();
        var random = new Random(11);
        for (var i = 0; i < 4; i++)
        {
            await Task.Delay(150 + random.Next(250));
            if (i % 2 == 0)
            {
                service.Kill();
                await service.LaunchAsync();
            }
            else
            {
                redis.Kill();
                redis.Start();
            }
        }

        await Task.Delay(300);
        await ended.CancelAsync();
        var acknowledged = await Task.WhenAll(producers);
        var held = await RingServiceTests.ExportAsync(service, "a/t");
        foreach (var group in held.GroupBy(item => item.Trajectory.Producer))
        {
            // What was being appended at the end may be there without its acknowledgement.
            var sequences = group.Select(item => item.Trajectory.Sequence).ToArray();
            Assert.Equal(Enumerable.Range(1, sequences.Length).Select(i => (ulong)i), sequences.Order());
            Assert.InRange((ulong)sequences.Length, acknowledged[int.Parse(group.Key)], acknowledged[int.Parse(group.Key)] + 1);
        }

        Assert.All(held,
            item => Assert.Equal(Blocks.Experience(item.Trajectory.Sequence, producer: item.Trajectory.Producer), item.Trajectory));
        Assert.Equal(2, held.Select(item => item.Trajectory.Producer).Distinct().Count());
        Assert.All(acknowledged, count => Assert.True(count > 5, $"only {count} blocks"));
    }

    [Fact]
    public async Task A_block_that_Redis_lost_is_forgotten_and_draws_go_on()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Cold("a/t") });
        await RingServiceTests.AppendAsync(service, "a/t", 1, 10);
        service.Kill();
        await redis.CommandAsync("HDEL", "rapid:{a/t}:blocks", "3", "10");
        await service.LaunchAsync();
        using var sample = await RingServiceTests.OpenAsync(service, "a/t", batch: 500, credits: 2);
        Check((await ReplayServiceTests.NextAsync(sample)).Batch);
        var blocks = Check((await ReplayServiceTests.NextAsync(sample)).Batch).Select(id => id / 16).Distinct().Order();
        Assert.Equal<ulong>([1, 2, 4, 5, 6, 7, 8, 9], [.. blocks]);
        Assert.Equal(8ul, Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Blocks);
        await RingServiceTests.AppendAsync(service, "a/t", 11, 20);
        Assert.Equal(10ul, Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Blocks);
    }

    [Fact]
    public async Task Draws_wait_while_Redis_is_away_and_a_drop_ends_them()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Cold("a/t") });
        await RingServiceTests.AppendAsync(service, "a/t", 1, 10);
        redis.Kill();
        using var sample = await RingServiceTests.OpenAsync(service, "a/t", batch: 200, credits: 1);
        var waiting = ReplayServiceTests.NextAsync(sample);
        await Task.Delay(300);
        Assert.False(waiting.IsCompleted);
        redis.Start();
        Check((await waiting).Batch);
        redis.Kill();
        await sample.RequestStream.WriteAsync(new SampleRequest { Credits = 1 });
        waiting = ReplayServiceTests.NextAsync(sample);
        var dropping = service.Client.DropTableAsync(new DropTableRequest { Name = "a/t" });
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => waiting)).StatusCode);
        redis.Start();
        Assert.True((await dropping).Existed);
        Assert.Equal(0, await RedisLengthAsync(redis, "a/t"));
    }

    [Fact]
    public async Task Fsync_tables_need_a_Redis_that_writes_before_it_confirms()
    {
        using var redis = new RedisServer("everysec");
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        var definition = Cold("a/t");
        definition.Store = StoreKind.Fsync;
        async Task<RpcException> CreateAsync() => await Assert.ThrowsAsync<RpcException>(async () =>
            await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition }));
        var refused = await CreateAsync();
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains("appendfsync everysec", refused.Status.Detail, StringComparison.Ordinal);
        await redis.CommandAsync("CONFIG", "SET", "appendfsync", "always");
        await redis.CommandAsync("CONFIG", "SET", "appendonly", "no");
        Assert.Contains("appendonly no", (await CreateAsync()).Status.Detail, StringComparison.Ordinal);
        await redis.CommandAsync("CONFIG", "SET", "appendonly", "yes");
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition });
    }

    private static TableDefinition Cold(string name, ulong capacity = 160)
    {
        var definition = Blocks.Ring(name, store: StoreKind.Redis, capacity: capacity);
        definition.CacheBytes = TwoBlocks;
        return definition;
    }

    private static async Task<int> RedisLengthAsync(RedisServer redis, string table) =>
        int.Parse((await redis.CommandAsync("HLEN", $"rapid:{{{table}}}:blocks")).Trim());

    /// <summary>Every item is what its id says.</summary>
    private static ulong[] Check(SampledBatch batch)
    {
        var (actions, observations) = (batch.Read<long>("actions"), batch.Read<float>("observations"));
        for (var i = 0; i < actions.Length; i++)
        {
            var (block, row) = (batch.Ids[i] / 16, (int)(batch.Ids[i] % 16));
            Assert.Equal((long)block * 1000 + row / 2 * 10 + row % 2, actions[i]);
            Assert.Equal([block, row / 2, row % 2], observations.AsSpan(i * 3, 3).ToArray());
        }

        return [.. batch.Ids];
    }

    /// <summary>Appends one block after the other, again until it is acknowledged, and counts them.</summary>
    internal static async Task<ulong> ProduceAsync(
        ReplayProcess service, string producer, CancellationToken ended, string table = "a/t")
    {
        ulong sequence = 1;
        while (true)
        {
            try
            {
                using var append = service.Client.Append(cancellationToken: CancellationToken.None);
                while (true)
                {
                    var reply = await ReplayServiceTests.AppendAsync(append, table, Blocks.Experience(sequence, producer: producer))
                        .WaitAsync(ended);
                    Assert.True(reply.Code == 0, reply.Message);
                    sequence++;
                }
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                return sequence - 1;
            }
            catch (Exception error) when (error is RpcException or InvalidOperationException)
            {
                await Task.Delay(30, CancellationToken.None);
            }
        }
    }
}
