using Rapid.Hosting;
using Rapid.Processes;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>
/// Appends to a table and draws from it as fast as the service allows, reconnecting now and then as actors and learners do.
/// </summary>
internal static class Load
{
    private const int Blocks = 2000, Batches = 2000, Batch = 256, Ahead = 4;

    /// <summary>A full table turns over about every two seconds.</summary>
    public static TableDefinition Table(string name, StoreKind store) => new()
    {
        Name = name,
        Kind = TableKind.Uniform,
        Store = store,
        CapacitySteps = 500 * HalfCheetahBlocks.BlockSteps,
        CacheBytes = store == StoreKind.Redis ? 4UL << 20 : 0,
    };

    public static async Task AppendAsync(ServiceAddress address, ServiceOptions options, string table, CancellationToken ended)
    {
        var blocks = new HalfCheetahBlocks("soak", table);
        while (!ended.IsCancellationRequested)
        {
            using var channel = Channels.Open(address, options);
            await blocks.AppendAsync(new Replay.ReplayClient(channel), Blocks);
        }
    }

    public static async Task SampleAsync(ServiceAddress address, ServiceOptions options, string table, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            using var channel = Channels.Open(address, options);
            using var call = new Replay.ReplayClient(channel).Sample(cancellationToken: CancellationToken.None);
            await call.RequestStream.WriteAsync(
                new SampleRequest { Table = table, BatchSize = Batch, Credits = Ahead }, CancellationToken.None);
            for (var i = 0; i < Batches && !ended.IsCancellationRequested; i++)
            {
                await call.ResponseStream.MoveNext(CancellationToken.None);
                await call.RequestStream.WriteAsync(new SampleRequest { Credits = 1 }, CancellationToken.None);
            }
        }
    }
}
