using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using Rapid.Protocol.V1;
using StackExchange.Redis;

namespace Rapid.Replay.Tests;

/// <summary>
/// Databases of other versions. golden/redis/layout-1.redis is one that a replay service of the first layout has left, as redis-cli prints
/// and reads it: run/transitions (prioritised, 12 blocks in room for 10), run/rollouts (a queue with a second owner) and imported.
/// </summary>
public sealed class RedisLayoutTests
{
    private static readonly string Earlier = Path.Combine(AppContext.BaseDirectory, "golden", "redis", "layout-1.redis");

    [Fact]
    public async Task A_database_of_the_first_layout_is_brought_up_to_date_with_all_that_it_holds()
    {
        using var redis = new RedisServer();
        await LoadAsync(redis, await File.ReadAllTextAsync(Earlier));
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);

        foreach (var life in new[] { 1, 2 })
        {
            var tables = (await service.Client.StatsAsync(new StatsRequest())).Tables.ToDictionary(table => table.Definition.Name);
            Assert.Equal(
                [("imported", 1ul, 0ul), ("run/rollouts", 3ul, 9ul), ("run/transitions", 10ul, 5ul)],
                tables.Values.Select(table => (table.Definition.Name, table.Blocks, table.Definition.Epoch)).Order());
            Assert.Equal("c0b8488393e04c94922d3449b4bfdc37", tables["run/transitions"].Incarnation);
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.CreateTableAsync(
                new CreateTableRequest { Definition = new(tables["run/rollouts"].Definition) { Epoch = 8 } }));
            Assert.Equal(StatusCode.OutOfRange, refused.StatusCode);
            Assert.Equal("2", await OneAsync(redis, "HGET", "rapid:layout", "layout"));
            foreach (var (table, epoch) in new[] { ("imported", "0"), ("run/rollouts", "9"), ("run/transitions", "5") })
            {
                Assert.Equal("2", await OneAsync(redis, "HGET", $"rapid:{{{table}}}:about", "layout"));
                Assert.Equal(epoch, await OneAsync(redis, "HGET", $"rapid:{{{table}}}:about", "epoch"));
            }

            if (life == 1)
            {
                service.Kill();
                await service.LaunchAsync();
            }
        }

        Assert.Equal(
            Enumerable.Range(3, 10).Select(sequence => (ulong)sequence),
            (await RingServiceTests.ExportAsync(service, "run/transitions")).Select(item => item.Trajectory.Sequence));
        // What was there already is recognised, and what is new is taken.
        using var append = service.Client.Append();
        Assert.True((await ReplayServiceTests.AppendAsync(append, "run/transitions", Blocks.Experience(12))).Duplicate);
        Assert.Equal(0, (await ReplayServiceTests.AppendAsync(append, "run/transitions", Blocks.Experience(13))).Code);
    }

    [Fact]
    public async Task A_service_that_is_killed_while_it_does_so_goes_on_with_what_is_left()
    {
        const int Tables = 100;
        using var redis = new RedisServer("no");
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        var database = connection.GetDatabase();
        for (var i = 0; i < Tables; i++)
        {
            var definition = new TableDefinition(Blocks.Table($"run/{i}", StoreKind.Redis)) { Epoch = (ulong)i };
            await database.HashSetAsync(
                About(i), [new("definition", definition.ToByteArray()), new("incarnation", $"i{i}"), new("fence", 1)]);
            await database.SetAddAsync("rapid:tables", $"run/{i}");
        }

        await using var service = await ReplayProcess.StartAsync();
        service.Kill();
        service.Redis = redis.Configuration;
        for (var kill = 0; kill < 2; kill++)
        {
            var before = await MigratedAsync();
            service.Launch();
            await ReplayServiceTests.WaitUntilAsync(async () => await MigratedAsync() is var now && (now > before || now == Tables));
            service.Kill();
        }

        await service.LaunchAsync();

        Assert.Equal(Tables, await MigratedAsync());
        var tables = (await service.Client.StatsAsync(new StatsRequest())).Tables;
        Assert.Equal(
            Enumerable.Range(0, Tables).Select(i => ($"run/{i}", $"i{i}", (ulong)i)).Order(),
            tables.Select(table => (table.Definition.Name, table.Incarnation, table.Definition.Epoch)).Order());

        async Task<int> MigratedAsync()
        {
            var layouts = await Task.WhenAll(Enumerable.Range(0, Tables).Select(i => database.HashGetAsync(About(i), "layout")));
            return layouts.Count(layout => layout == 2);
        }

        static RedisKey About(int table) => $"rapid:{{run/{table}}}:about";
    }

    [Fact]
    public async Task A_newer_layout_is_refused_with_both_versions_and_nothing_is_touched()
    {
        using var redis = new RedisServer();
        await LoadAsync(redis, await File.ReadAllTextAsync(Earlier));
        await redis.CommandAsync("DEL", "rapid:lease");
        await redis.CommandAsync("HSET", "rapid:layout", "layout", "3", "rapid", "0.9.1");
        var before = await DumpAsync(redis);

        var (code, said) = await ReplayProcess.FailAsync(redis.Configuration);

        Assert.Equal(2, code);
        foreach (var named in new[] { "layout 3", "Rapid 0.9.1", $"this is Rapid {Rapid.Hosting.RapidVersion.Own}", "layouts up to 2" })
        {
            Assert.Contains(named, said, StringComparison.Ordinal);
        }

        Assert.Equal(before, await DumpAsync(redis));
    }

    private static async Task<string> OneAsync(RedisServer redis, params string[] command) => (await redis.CommandAsync(command)).Trim();

    /// <summary>Every key, and what it holds.</summary>
    private static async Task<string> DumpAsync(RedisServer redis)
    {
        var dump = "";
        foreach (var key in (await redis.CommandAsync("KEYS", "*")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order())
        {
            dump += $"{key} {await redis.CommandAsync("DUMP", key)}";
        }

        return dump;
    }

    /// <summary>Does commands as redis-cli reads them.</summary>
    private static async Task LoadAsync(RedisServer redis, string commands)
    {
        await redis.WaitForAsync("PONG", "PING");
        using var client = Process.Start(new ProcessStartInfo("redis-cli", ["-p", $"{redis.Port}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var replies = client.StandardOutput.ReadToEndAsync();
        await client.StandardInput.WriteAsync(commands);
        client.StandardInput.Close();
        Assert.DoesNotContain("ERR", await replies, StringComparison.Ordinal);
        await client.WaitForExitAsync();
    }
}
