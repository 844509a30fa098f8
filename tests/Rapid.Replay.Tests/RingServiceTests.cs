using Grpc.Core;
using Rapid.Protocol.V1;
using SampleCall = Grpc.Core.AsyncDuplexStreamingCall<Rapid.Protocol.V1.SampleRequest, Rapid.Protocol.V1.SampleReply>;

namespace Rapid.Replay.Tests;

/// <summary>Batches over the wire, from a service of its own process.</summary>
public class RingServiceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_learner_gets_as_many_batches_as_it_has_credits_for_while_actors_append()
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Ring("a/t") });
        using var sample = await OpenAsync(service, "a/t", batch: 32, credits: 3);
        await AppendAsync(service, "a/t", 1, 5);
        for (var i = 0; i < 3; i++)
        {
            var batch = (await ReplayServiceTests.NextAsync(sample)).Batch;
            Assert.Equal(32, batch.Ids.Count);
            Assert.Equal([32, 3], batch.Shape("next_observations"));
        }

        var next = ReplayServiceTests.NextAsync(sample);
        await Task.Delay(200);
        Assert.False(next.IsCompleted);
        await sample.RequestStream.WriteAsync(new SampleRequest { Credits = 1 });
        Assert.Equal(32, (await next).Batch.Ids.Count);
        var info = Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables);
        Assert.Equal((4ul * 32, 5ul, 80ul, 5L, 1L),
            (info.SampledItems, info.Blocks, info.InsertedSteps, info.NewestPolicyVersion, info.OldestPolicyVersion));
    }

    [Fact]
    public async Task Priorities_come_back_over_the_same_call_and_bad_ones_do_not_end_it()
    {
        await using var service = await ReplayProcess.StartAsync();
        var definition = Blocks.Ring("a/t", TableKind.Prioritised);
        definition.PriorityExponent = 1;
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition });
        await AppendAsync(service, "a/t", 1, 1);
        using var sample = await OpenAsync(service, "a/t", batch: 64);
        var update = new SampleRequest { ImportanceExponent = 1 };
        update.Priorities.AddRange(
            Enumerable.Range(16, 16).Select(id => new PriorityUpdate { Id = (ulong)id, Priority = id == 20 ? 3 : id == 21 ? 1 : 0 }));
        update.Priorities.Add(new PriorityUpdate { Id = 22, Priority = double.NaN });
        await sample.RequestStream.WriteAsync(update);
        var refused = (await ReplayServiceTests.NextAsync(sample)).Refused;
        Assert.Equal((int)StatusCode.InvalidArgument, refused.Code);
        Assert.Contains("item 22 of table 'a/t'", refused.Message, StringComparison.Ordinal);
        await sample.RequestStream.WriteAsync(new SampleRequest { ImportanceExponent = -1 });
        Assert.Contains("importance_exponent", (await ReplayServiceTests.NextAsync(sample)).Refused.Message, StringComparison.Ordinal);
        await sample.RequestStream.WriteAsync(new SampleRequest { Credits = 1 });
        var batch = (await ReplayServiceTests.NextAsync(sample)).Batch;
        Assert.All(batch.Ids.Zip(batch.Read<float>("weights")), item => Assert.Equal(item.First == 20 ? 1 / 3f : 1, item.Second, 1e-6));
        Assert.Equal([20ul, 21ul], batch.Ids.Distinct().Order());
    }

    [Fact]
    public async Task Impossible_samples_end_their_call_with_a_reason()
    {
        await using var service = await ReplayProcess.StartAsync(environment: new() { ["RAPID_MAX_MESSAGE"] = "65536" });
        var definition = Blocks.Ring("a/t");
        definition.MinimumSteps = 100;
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition });
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/q") });
        async Task<RpcException> FailAsync(SampleRequest request)
        {
            using var call = service.Client.Sample();
            await call.RequestStream.WriteAsync(request);
            return await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (true)
                {
                    await ReplayServiceTests.NextAsync(call);
                }
            });
        }

        Assert.Equal(StatusCode.InvalidArgument, (await FailAsync(new SampleRequest { Table = "a/t" })).StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, (await FailAsync(new SampleRequest { Table = "a/q", BatchSize = 3 })).StatusCode);
        Assert.Equal(StatusCode.NotFound, (await FailAsync(new SampleRequest { Table = "b/t", BatchSize = 3 })).StatusCode);
        var empty = await FailAsync(new SampleRequest { Table = "a/t", BatchSize = 3, Credits = 1, Patience = 50 });
        Assert.Equal(StatusCode.FailedPrecondition, empty.StatusCode);
        Assert.Contains("0 steps and sampling begins at 100", empty.Status.Detail, StringComparison.Ordinal);
        await AppendAsync(service, "a/t", 1, 8);
        var large = await FailAsync(new SampleRequest { Table = "a/t", BatchSize = 10_000, Credits = 1 });
        Assert.Equal(StatusCode.InvalidArgument, large.StatusCode);
        Assert.Contains("RAPID_MAX_MESSAGE", large.Status.Detail, StringComparison.Ordinal);
        using var export = service.Client.Export(new ExportRequest { Table = "a/q" });
        Assert.Equal(StatusCode.FailedPrecondition,
            (await Assert.ThrowsAsync<RpcException>(() => export.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
    }

    [Fact]
    public async Task An_export_goes_on_after_a_block_also_one_that_the_table_no_longer_holds()
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Ring("a/t") });
        await AppendAsync(service, "a/t", 1, 4);
        var all = await ExportAsync(service, "a/t");

        Assert.Equal([3ul, 4], (await ExportAsync(service, "a/t", all[1].Id)).Select(item => item.Trajectory.Sequence));
        Assert.Empty(await ExportAsync(service, "a/t", ulong.MaxValue));
        Assert.Equal(4, (await ExportAsync(service, "a/t", all[0].Id - 1)).Count);
    }

    [Fact]
    public async Task A_dropped_table_ends_its_calls_and_gives_its_memory_back()
    {
        await using var service = await ReplayProcess.StartAsync(environment: new() { ["RAPID_REPLAY_MEMORY"] = "400000" });
        for (var round = 0; round < 3; round++)
        {
            await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Ring("a/t") });
            await AppendAsync(service, "a/t", 1, 2);
            using var sample = await OpenAsync(service, "a/t", batch: 4, credits: 1);
            Assert.NotNull((await ReplayServiceTests.NextAsync(sample)).Batch);
            await service.Client.DropTableAsync(new DropTableRequest { Name = "a/t" });
            Assert.Equal(StatusCode.NotFound,
                (await Assert.ThrowsAsync<RpcException>(() => ReplayServiceTests.NextAsync(sample))).StatusCode);
        }
    }

    [Fact]
    public async Task A_checkpoint_brings_a_memory_table_back_and_draws_what_would_have_been_drawn()
    {
        var directory = Directory.CreateTempSubdirectory("rapid-checkpoints-");
        try
        {
            await using var service =
                await ReplayProcess.StartAsync(environment: new() { ["RAPID_REPLAY_CHECKPOINTS"] = directory.FullName });
            var definition = Blocks.Ring("a/t", TableKind.Prioritised, capacity: 160);
            (definition.PriorityExponent, definition.Eviction) = (0.5, Eviction.LowestPriority);
            var created = await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition });
            await AppendAsync(service, "a/t", 1, 13);
            var expected = await ExportAsync(service, "a/t");
            using (var update = await OpenAsync(service, "a/t", batch: 16, credits: 1))
            {
                var ids = (await ReplayServiceTests.NextAsync(update)).Batch.Ids;
                var request = new SampleRequest();
                request.Priorities.AddRange(ids.Select((id, i) => new PriorityUpdate { Id = id, Priority = i }));
                await update.RequestStream.WriteAsync(request);
                request = new SampleRequest { Priorities = { new PriorityUpdate { Priority = -1 } } };
                await update.RequestStream.WriteAsync(request);
                Assert.NotNull((await ReplayServiceTests.NextAsync(update)).Refused);
            }

            Assert.Equal(10ul, (await service.Client.SaveTableAsync(new SaveTableRequest { Table = "a/t", Checkpoint = "one" })).Blocks);
            Assert.Equal(10ul, (await service.Client.SaveTableAsync(new SaveTableRequest { Table = "a/t", Checkpoint = "one" })).Blocks);
            Assert.Equal(2, directory.GetFiles("*", SearchOption.AllDirectories).Length);
            using var before = await OpenAsync(service, "a/t", batch: 64, credits: 1);
            var drawn = (await ReplayServiceTests.NextAsync(before)).Batch;
            service.Kill();
            await service.LaunchAsync();
            var restored = await service.Client.RestoreTableAsync(new RestoreTableRequest { Checkpoint = "one" });
            Assert.NotEqual(created.Incarnation, restored.Incarnation);
            Assert.Equal((10ul, 13ul * 16, 13L), (restored.Blocks, restored.InsertedSteps, restored.NewestPolicyVersion));
            Assert.Equal(expected, await ExportAsync(service, "a/t"));
            using var after = await OpenAsync(service, "a/t", batch: 64, credits: 1);
            var again = (await ReplayServiceTests.NextAsync(after)).Batch;
            Assert.Equal(drawn.Ids, again.Ids);
            Assert.Equal(drawn.Columns, again.Columns);
            using (var append = service.Client.Append())
            {
                Assert.True((await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Experience(13))).Duplicate);
            }

            async Task<StatusCode> RestoreAsync(string name, string table) => (await Assert.ThrowsAsync<RpcException>(async () =>
                await service.Client.RestoreTableAsync(new RestoreTableRequest { Checkpoint = name, Table = table }))).StatusCode;
            Assert.Equal(StatusCode.AlreadyExists, await RestoreAsync("one", ""));
            Assert.Equal(StatusCode.NotFound, await RestoreAsync("two", ""));
            Assert.Equal(StatusCode.InvalidArgument, await RestoreAsync("../one", ""));
            var blocks = directory.GetFiles("*.safetensors", SearchOption.AllDirectories)[0];
            await File.WriteAllBytesAsync(blocks.FullName, (await File.ReadAllBytesAsync(blocks.FullName))[..^100]);
            Assert.Equal(StatusCode.DataLoss, await RestoreAsync("one", "b/t"));
            Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    internal static async Task<SampleCall> OpenAsync(ReplayProcess service, string table, uint batch, uint credits = 0)
    {
        var call = service.Client.Sample();
        await call.RequestStream.WriteAsync(new SampleRequest { Table = table, BatchSize = batch, Credits = credits });
        Assert.Equal(table, (await ReplayServiceTests.NextAsync(call)).Opened.Definition.Name);
        return call;
    }

    internal static async Task AppendAsync(ReplayProcess service, string table, ulong first, ulong last, string producer = "p")
    {
        using var append = service.Client.Append();
        for (var i = first; i <= last; i++)
        {
            var reply = await ReplayServiceTests.AppendAsync(append, table, Blocks.Experience(i, producer: producer));
            Assert.True(reply is { Code: 0, Duplicate: false }, reply.Message);
        }
    }

    /// <summary>Every block that a table holds, or those after one.</summary>
    internal static async Task<List<SampledItem>> ExportAsync(ReplayProcess service, string table, ulong after = 0)
    {
        using var export = service.Client.Export(new ExportRequest { Table = table, After = after });
        var items = new List<SampledItem>();
        while (await export.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
        {
            items.Add(export.ResponseStream.Current);
        }

        return items;
    }
}
