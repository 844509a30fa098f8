using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Core;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Rapid.Redis;
using Rapid.Replay.Stores;
using Rapid.Replay.Tables;

namespace Rapid.Replay.Tests;

/// <summary>A table in Redis does what a list does, also when its service starts again at any moment.</summary>
public class RingRedisModelTests
{
    private const int Items = 16, Capacity = 5;

    [Fact]
    public async Task Appends_retries_draws_and_restarts_in_any_order_behave_as_a_list()
    {
        using var redis = new RedisServer();
        var options = new ServiceOptions { Listen = [], Redis = redis.Configuration };
        for (ulong run = 0; run < 12; run++)
        {
            await using var connection = new RedisConnection(options, RedisRights.Use, NullLogger<RedisConnection>.Instance);
            var definition = Blocks.Ring($"t{run}", store: StoreKind.Redis, capacity: Capacity * Items);
            definition.CacheBytes = 1000;
            definition = TableRules.Check(definition);
            var lease = new DatabaseLease(connection, NullLogger<DatabaseLease>.Instance);
            await lease.AcquireAsync(CancellationToken.None);
            var store = new RedisStore(connection, lease, definition);
            await store.CreateAsync("i", CancellationToken.None);
            var table = Ring.Make(definition, store);
            var (random, buffer, blocks) = (new RandomStream(run), Ring.Buffer(7), new List<ulong>());
            ulong next = 1;
            for (var step = 0; step < 40; step++)
            {
                switch (random.NextIndex(6))
                {
                    case < 3:
                        Assert.False((await table.AppendAsync(Blocks.Experience(next), CancellationToken.None)).IsDuplicate);
                        blocks.Add(next++);
                        blocks.RemoveRange(0, Math.Max(0, blocks.Count - Capacity));
                        break;
                    case 3 when next > 1:
                        Assert.True((await table.AppendAsync(Blocks.Experience(next - 1), CancellationToken.None)).IsDuplicate);
                        break;
                    case 4 when blocks.Count > 0:
                        Assert.True(table.TryDraw(buffer));
                        await table.FetchAsync(buffer, CancellationToken.None);
                        buffer.Complete(0);
                        var actions = buffer.Reply.Batch.Read<long>("actions");
                        Assert.All(buffer.Reply.Batch.Ids.Zip(actions), drawn =>
                        {
                            var (block, row) = (drawn.First / Items, (long)(drawn.First % Items));
                            Assert.Contains(block, blocks);
                            Assert.Equal((long)block * 1000 + row / 2 * 10 + row % 2, drawn.Second);
                        });
                        break;
                    case 5:
                        table.Dispose();
                        var recovered = Assert.Single(
                            (await RedisStore.RecoverAllAsync(connection, lease, CancellationToken.None)).Tables,
                            found => found.Definition.Name == definition.Name);
                        Assert.Equal(definition, recovered.Definition);
                        table = Ring.Make(definition, store);
                        await table.RestoreAsync(recovered, CancellationToken.None);
                        buffer = Ring.Buffer(7);
                        break;
                }

                Assert.Equal(blocks, table.BlockIds());
                Assert.Equal((next - 1) * Items, table.Info().InsertedSteps);
            }

            table.Dispose();
        }
    }
}
