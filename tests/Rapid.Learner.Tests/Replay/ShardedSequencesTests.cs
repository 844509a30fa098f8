using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Replay;

/// <summary>Sequences in a table that is spread over two real replay services.</summary>
public class ShardedSequencesTests
{
    private const int BlockSteps = SequenceClientTests.Steps * SequenceClientTests.Environments;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Sequences_are_drawn_in_proportion_to_what_shards_hold()
    {
        await using var services = await ReplayServices.StartAllAsync(2);
        await using var table = Open(services);
        await table.CreateAsync(default);
        Assert.False(table.IsWarm);
        await table.AppendAsync(
            [
                SequenceClientTests.Block(1), SequenceClientTests.Block(2), SequenceClientTests.Block(3),
                SequenceClientTests.Block(1, slot: 1),
            ],
            default);
        Assert.True(table.IsWarm);
        Assert.Equal((4ul * BlockSteps, 4ul * BlockSteps), (table.InsertedSteps, table.HeldSteps));
        var counts = await ReadAsync(table, 8);
        Assert.Equal([6, 2], counts);
    }

    [Fact]
    public async Task A_shard_that_dies_stops_nobody()
    {
        await using var services = await ReplayServices.StartAllAsync(2);
        await using var table = Open(services);
        await table.CreateAsync(default);
        await table.AppendAsync([SequenceClientTests.Block(1), SequenceClientTests.Block(1, slot: 1)], default);
        var counts = await ReadAsync(table, 2);
        Assert.Equal([1, 1], counts);
        await services.StopAsync(1);
        for (var sequence = 2ul; sequence < 5; sequence++)
        {
            await table.AppendAsync([SequenceClientTests.Block(sequence), SequenceClientTests.Block(sequence, slot: 1)], default)
                .WaitAsync(Patience);
            counts = await ReadAsync(table, 3);
            Assert.Equal([3, 0], counts);
        }

        await services.StopAsync(0);
        await table.RequestAsync(1, default);
        Assert.Null(await table.ReadAsync(default).AsTask().WaitAsync(Patience));
        Assert.False(table.IsWarm);
    }

    /// <returns>How many batches came from each shard.</returns>
    private static async Task<int[]> ReadAsync(Sharded<ReceivedSequences> table, int count)
    {
        var counts = new int[2];
        await table.RequestAsync(count, default);
        for (; count > 0; count--)
        {
            var batch = (await table.ReadAsync(default).AsTask().WaitAsync(Patience))!;
            await table.ReleaseAsync([batch], default);
            counts[batch.Shard]++;
        }

        return counts;
    }

    private static Sharded<ReceivedSequences> Open(ReplayServices services)
    {
        var definition = new TableDefinition
        {
            Name = "run/sequences",
            Kind = TableKind.Uniform,
            Items = ItemKind.Sequence,
            Store = StoreKind.Memory,
            CapacitySteps = 100,
            MinimumSteps = BlockSteps,
        };
        return new Sharded<ReceivedSequences>(
            [
                .. services.Options.Replay.Select((address, shard) => new TableClient<ReceivedSequences>(
                    Channels.Open(address, services.Options), definition,
                    new SequenceProtocol(SequenceClientTests.Steps, sequences: 5, prefetch: 2), NullLogger.Instance, shard)),
            ],
            Spread.InProportion);
    }
}
