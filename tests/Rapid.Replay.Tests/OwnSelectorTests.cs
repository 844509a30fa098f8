using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>Selectors of a plug-in choose over the wire like Rapid's own: CONTRIBUTING's worked example.</summary>
public sealed class OwnSelectorTests : IDisposable
{
    private const ulong Items = 16;

    private readonly DirectoryInfo _checkpoints = Directory.CreateTempSubdirectory("rapid-checkpoints-");
    private readonly Dictionary<string, string> _environment;

    public OwnSelectorTests() => _environment = new()
    {
        ["RAPID_PLUGINS"] = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../SampleSelector/release")),
        ["RAPID_REPLAY_CHECKPOINTS"] = _checkpoints.FullName,
    };

    public void Dispose() => _checkpoints.Delete(recursive: true);

    [Fact]
    public async Task It_draws_and_goes_on_from_a_checkpoint_as_if_nothing_had_happened()
    {
        await using var service = await ReplayProcess.StartAsync(environment: _environment);
        var info = await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Own("a/t", "recent") });
        Assert.Equal(("recent", TableKind.Unspecified), (info.Definition.Selector, info.Definition.Kind));
        await RingServiceTests.AppendAsync(service, "a/t", 1, 13);

        // The table holds ten blocks; three are their newest quarter.
        Assert.Equal([11, 12, 13], BlocksOf(await DrawAsync(service, 400)));

        await service.Client.SaveTableAsync(new SaveTableRequest { Table = "a/t", Checkpoint = "one" });
        var expected = await DrawAsync(service, 64);
        service.Kill();
        await service.LaunchAsync();
        await service.Client.RestoreTableAsync(new RestoreTableRequest { Checkpoint = "one" });
        var drawn = await DrawAsync(service, 64);
        Assert.Equal(expected.Ids, drawn.Ids);
        Assert.Equal(expected.Columns, drawn.Columns);
        await RingServiceTests.AppendAsync(service, "a/t", 14, 14);
        Assert.Equal([12, 13, 14], BlocksOf(await DrawAsync(service, 400)));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Priorities_reach_it_and_its_weights_follow_also_after_a_kill(StoreKind store)
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration, _environment);
        var definition = Own("a/t", "mixed", store);
        (definition.PriorityExponent, definition.Eviction) = (1, Eviction.LowestPriority);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition });
        await RingServiceTests.AppendAsync(service, "a/t", 1, 10);
        const ulong Likely = 5 * Items;
        await UpdateAsync(service, Enumerable.Range(0, 160).Select(i => Items + (ulong)i), id => id == Likely ? 9 : 0);
        await CheckDrawsAsync();
        if (store == StoreKind.Memory)
        {
            await service.Client.SaveTableAsync(new SaveTableRequest { Table = "a/t", Checkpoint = "one" });
            service.Kill();
            await service.LaunchAsync();
            await service.Client.RestoreTableAsync(new RestoreTableRequest { Checkpoint = "one" });
        }
        else
        {
            // Priorities follow updates into Redis.
            await redis.WaitForAsync("128", "STRLEN", "rapid:{a/t}:priorities:10");
            service.Kill();
            await service.LaunchAsync();
        }

        await CheckDrawsAsync();

        // Of blocks whose items have no weight the oldest gives way.
        await RingServiceTests.AppendAsync(service, "a/t", 11, 11);
        Assert.Equal([2ul, 3, 4, 5, 6, 7, 8, 9, 10, 11], (await RingServiceTests.ExportAsync(service, "a/t")).Select(item => item.Id));

        // One draw in ten is of any of the 160 items: 9/10 of the draws, and a tenth of a 160th, are of the likely one.
        async Task CheckDrawsAsync()
        {
            var batch = await DrawAsync(service, 2000, importance: 1);
            Assert.InRange(batch.Ids.Count(id => id == Likely), 1700, 1900);
            const double Rare = 0.1 / 160;
            Assert.All(batch.Ids.Zip(batch.Read<float>("weights")), item =>
                Assert.Equal(item.First == Likely ? Rare / (0.9 + Rare) : 1, item.Second, 1e-6));
        }
    }

    [Fact]
    public async Task A_name_that_is_not_known_is_refused_with_those_that_are()
    {
        await using var service = await ReplayProcess.StartAsync(environment: _environment);
        var unknown = await RefusalAsync(service, Own("a/t", "recnt"));
        Assert.StartsWith("definition.selector: 'recnt'", unknown, StringComparison.Ordinal);
        Assert.Contains("known: mixed, newest, prioritised, recent, uniform, wild; did you mean 'recent'?", unknown, StringComparison.Ordinal);
        Assert.Contains("its name 'uniform' is taken", unknown, StringComparison.Ordinal);
        Assert.Contains("its name is 'two words'; allowed: a letter", unknown, StringComparison.Ordinal);
        Assert.Contains("its BytesPerSlot is -1; allowed: >= 0", unknown, StringComparison.Ordinal);
        Assert.Contains("LonelySelector is no selector: ArgumentException: it needs a public constructor", unknown, StringComparison.Ordinal);
        Assert.Contains("LonelySelector is no selector", service.Said, StringComparison.Ordinal);
        var tooLong = await RefusalAsync(service, Own("a/t", new string('x', 101)));
        Assert.StartsWith("definition.selector: must have at most 100 characters", tooLong, StringComparison.Ordinal);
        var both = new TableDefinition(Own("a/t", "recent")) { Kind = TableKind.Uniform };
        Assert.StartsWith("definition.selector: a table of kind Uniform has its own", await RefusalAsync(service, both), StringComparison.Ordinal);
        var weighted = new TableDefinition(Own("a/t", "recent")) { PriorityExponent = 1 };
        Assert.StartsWith("definition.priority_exponent", await RefusalAsync(service, weighted), StringComparison.Ordinal);
        Assert.Empty((await service.Client.StatsAsync(new StatsRequest())).Tables);
    }

    [Fact]
    public async Task Its_table_is_set_aside_while_the_plug_in_is_missing_and_back_with_it()
    {
        using var redis = new RedisServer();
        var plugins = _environment["RAPID_PLUGINS"];
        await using var service = await ReplayProcess.StartAsync(redis.Configuration, _environment);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Own("a/t", "recent", StoreKind.Redis) });
        await RingServiceTests.AppendAsync(service, "a/t", 1, 4);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Own("b/t", "recent") });
        await RingServiceTests.AppendAsync(service, "b/t", 1, 4);
        await service.Client.SaveTableAsync(new SaveTableRequest { Table = "b/t", Checkpoint = "one" });
        service.Kill();
        _environment.Remove("RAPID_PLUGINS");
        await service.LaunchAsync();

        Assert.Empty((await service.Client.StatsAsync(new StatsRequest())).Tables);
        Assert.Contains("definition.selector: 'recent' is not known to this replay service", service.Said, StringComparison.Ordinal);
        var restore = new RestoreTableRequest { Checkpoint = "one" };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.RestoreTableAsync(restore));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        service.Kill();
        _environment["RAPID_PLUGINS"] = plugins;
        await service.LaunchAsync();
        Assert.Equal([4], BlocksOf(await DrawAsync(service, 50)));
        Assert.Equal(4ul, (await service.Client.RestoreTableAsync(restore)).Blocks);
    }

    [Fact]
    public async Task One_that_draws_what_is_not_held_ends_the_call_alone()
    {
        await using var service = await ReplayProcess.StartAsync(environment: _environment);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Own("a/t", "wild") });
        await RingServiceTests.AppendAsync(service, "a/t", 1, 2);
        for (ulong round = 0; round < 2; round++)
        {
            var failed = await Assert.ThrowsAsync<RpcException>(() => DrawAsync(service, 8));
            Assert.Equal(StatusCode.FailedPrecondition, failed.StatusCode);
            Assert.StartsWith("table 'a/t' cannot be drawn from: its selector SampleSelector.WildSelector returned", failed.Status.Detail,
                StringComparison.Ordinal);
            await RingServiceTests.AppendAsync(service, "a/t", 3 + round, 3 + round);
        }

        Assert.Equal([1ul, 2, 3, 4], (await RingServiceTests.ExportAsync(service, "a/t")).Select(item => item.Id));
        Assert.True((await service.Client.DropTableAsync(new DropTableRequest { Name = "a/t" })).Existed);
    }

    private static TableDefinition Own(string name, string selector, StoreKind store = StoreKind.Memory) =>
        new(Blocks.Ring(name, TableKind.Unspecified, store, capacity: 10 * Items)) { Selector = selector };

    private static ulong[] BlocksOf(SampledBatch batch) => [.. batch.Ids.Select(id => id / Items).Distinct().Order()];

    private static async Task<string> RefusalAsync(ReplayProcess service, TableDefinition definition)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition }));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        return refused.Status.Detail;
    }

    private static async Task<SampledBatch> DrawAsync(ReplayProcess service, uint count, double? importance = null)
    {
        using var call = await RingServiceTests.OpenAsync(service, "a/t", batch: count);
        var request = new SampleRequest { Credits = 1 };
        if (importance is { } exponent)
        {
            request.ImportanceExponent = exponent;
        }

        await call.RequestStream.WriteAsync(request);
        return (await ReplayServiceTests.NextAsync(call)).Batch;
    }

    /// <summary>Returns when the updates are done.</summary>
    private static async Task UpdateAsync(ReplayProcess service, IEnumerable<ulong> ids, Func<ulong, double> priority)
    {
        using var call = await RingServiceTests.OpenAsync(service, "a/t", batch: 1);
        var request = new SampleRequest { Credits = 1 };
        request.Priorities.AddRange(ids.Select(id => new PriorityUpdate { Id = id, Priority = priority(id) }));
        await call.RequestStream.WriteAsync(request);
        Assert.NotNull((await ReplayServiceTests.NextAsync(call)).Batch);
    }
}
