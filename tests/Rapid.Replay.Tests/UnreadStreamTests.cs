using Grpc.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tests;

/// <summary>Readers that never read cost no copy each.</summary>
public class UnreadStreamTests
{
    private const int Streams = 50, BlockBytes = 4 << 20;

    [Fact]
    public async Task Unread_exports_of_a_table_share_their_blocks_and_one_that_reads_gets_all()
    {
        await using var service = await ReplayProcess.StartAsync();
        var definition = Blocks.Ring("a/t", capacity: 40);
        definition.Items = ItemKind.Block;
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition });
        using (var append = service.Client.Append())
        {
            for (ulong i = 1; i <= 10; i++)
            {
                var block = Blocks.Make("p", i);
                block.Add<byte>("bulk", new byte[BlockBytes], BlockBytes);
                Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, "a/t", block)).Message);
            }
        }

        Assert.Equal(10, (await RingServiceTests.ExportAsync(service, "a/t")).Count);
        var before = service.WorkingSet;
        var calls = Enumerable.Range(0, Streams).Select(_ => service.Client.Export(new ExportRequest { Table = "a/t" })).ToArray();
        await Task.WhenAll(calls.Select(call => call.ResponseHeadersAsync));
        Assert.Equal(10, (await RingServiceTests.ExportAsync(service, "a/t")).Count);

        // A copy each would be 200 MiB; the blocks at which readers stand are a few.
        Assert.InRange(service.WorkingSet - before, long.MinValue, Streams * BlockBytes / 2);
        Array.ForEach(calls, call => call.Dispose());
    }

    [Fact]
    public void What_is_being_sent_may_hold_half_as_much_as_the_tables_and_one_thing_always()
    {
        var memory = new MemoryBudget(100);
        Assert.True(memory.TryTakeForStreams(1000));
        Assert.False(memory.TryTakeForStreams(1));
        memory.ReleaseForStreams(1000);
        Assert.True(memory.TryTakeForStreams(30));
        Assert.True(memory.TryTakeForStreams(20));
        Assert.False(memory.TryTakeForStreams(1));
        Assert.Equal(0, memory.Used);
    }

    [Fact]
    public async Task A_batch_size_takes_no_memory_before_it_is_known_to_be_possible()
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Ring("a/t") });
        using var sample = await RingServiceTests.OpenAsync(service, "a/t", batch: int.MaxValue, credits: 1);
        await RingServiceTests.AppendAsync(service, "a/t", 1, 1);
        var error = await Assert.ThrowsAsync<RpcException>(() => ReplayServiceTests.NextAsync(sample));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.StartsWith("batch_size", error.Status.Detail, StringComparison.Ordinal);
    }
}
