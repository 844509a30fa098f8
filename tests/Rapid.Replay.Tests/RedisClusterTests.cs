using Rapid.Protocol.V1;
using Rapid.Replay.Stores;

namespace Rapid.Replay.Tests;

/// <summary>Tables in a Redis that is many: a cluster, or a master with a replica that Sentinel promotes.</summary>
public class RedisClusterTests
{
    [Fact]
    public async Task Tables_live_on_every_node_of_a_cluster_and_go_on_when_a_slot_moves_and_a_node_restarts()
    {
        using var cluster = await RedisCluster.StartAsync(
            ["--user", .. $"rapid on >a-secret {RedisRights.Least} +cluster|slots +cluster|nodes".Split(' ')]);
        await using var service = await ReplayProcess.StartAsync($"{cluster.Configuration},user=rapid,password=a-secret");
        var tables = new Dictionary<RedisServer, string>();
        for (var i = 0; tables.Count < cluster.Nodes.Count; i++)
        {
            tables.TryAdd((await cluster.FindAsync($"a/{i}")).Owner, $"a/{i}");
        }

        foreach (var name in tables.Values)
        {
            await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Definition(name) });
        }

        using var ended = new CancellationTokenSource();
        var producers = tables.Values
            .Select(name => Task.Run(() => RingRedisTests.ProduceAsync(service, "p", ended.Token, name))).ToArray();
        await AppendMoreAsync(service);
        var moved = tables[cluster.Nodes[0]];
        await cluster.MoveAsync((await cluster.FindAsync(moved)).Slot, cluster.Nodes[0], cluster.Nodes[2]);
        await AppendMoreAsync(service);
        cluster.Nodes[2].Kill();
        cluster.Nodes[2].Start();
        await AppendMoreAsync(service);
        service.Kill();
        await service.LaunchAsync();
        await AppendMoreAsync(service);
        await ended.CancelAsync();
        foreach (var (name, acknowledged) in tables.Values.Zip(await Task.WhenAll(producers)))
        {
            var held = await RingServiceTests.ExportAsync(service, name);

            // What was being appended at the end may be there without its acknowledgement.
            Assert.InRange((ulong)held.Count, acknowledged, acknowledged + 1);
            Assert.Equal(
                Enumerable.Range(1, held.Count).Select(sequence => (ulong)sequence), held.Select(item => item.Trajectory.Sequence).Order());
            Assert.All(held, item => Assert.Equal(Blocks.Experience(item.Trajectory.Sequence), item.Trajectory));
        }
    }

    [Fact]
    public async Task A_replica_that_Sentinel_promotes_has_every_block_that_had_reached_it_and_takes_the_next()
    {
        using var master = new RedisServer(more: ["--repl-diskless-sync-delay", "0"]);
        using var replica = new RedisServer(more: ["--replicaof", "127.0.0.1", $"{master.Port}", "--repl-diskless-sync-delay", "0"]);
        await master.WaitForAsync("state=online", "INFO", "replication");
        using var sentinel = new RedisSentinel(master.Port);
        await sentinel.WaitForAsync($"{replica.Port}", "SENTINEL", "REPLICAS", RedisSentinel.Name);
        await using var service = await ReplayProcess.StartAsync(sentinel.Configuration);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Definition("a/t") });
        await RingServiceTests.AppendAsync(service, "a/t", 1, 10);

        // Redis acknowledges before a replica has it: what had not reached one when the master dies is lost, whoever promotes it.
        await replica.WaitForAsync("10", "HGET", "rapid:{a/t}:producers", "p");
        master.Kill();
        await RingServiceTests.AppendAsync(service, "a/t", 11, 20);
        service.Kill();
        await service.LaunchAsync();
        await RingServiceTests.AppendAsync(service, "a/t", 21, 23);
        var held = await RingServiceTests.ExportAsync(service, "a/t");
        Assert.Equal(Enumerable.Range(1, 23).Select(sequence => (ulong)sequence), held.Select(item => item.Trajectory.Sequence));
        Assert.All(held, item => Assert.Equal(Blocks.Experience(item.Trajectory.Sequence), item.Trajectory));
    }

    private static TableDefinition Definition(string name) => Blocks.Ring(name, store: StoreKind.Redis, capacity: 100_000);

    /// <summary>Waits until every table has some more blocks.</summary>
    private static async Task AppendMoreAsync(ReplayProcess service)
    {
        async Task<Dictionary<string, ulong>> CountAsync() => (await service.Client.StatsAsync(new StatsRequest())).Tables
            .ToDictionary(table => table.Definition.Name, table => table.Blocks);
        var before = await CountAsync();
        await ReplayServiceTests.WaitUntilAsync(async () => (await CountAsync()).All(table => table.Value >= before[table.Key] + 5));
    }
}
