using System.Diagnostics;
using System.Globalization;
using Rapid.Processes;
using Rapid.Protocol.V1;

// A table of 10 M transitions in Redis with a cache of 64 MiB: filled, then appended to and drawn from at once. What counts is that the
// service's memory is bounded by its cache, whatever the table's size.
const int TableSteps = 10_000_000, Producers = 2, Batch = 256, Seconds = 15;
const ulong CacheBytes = 64 << 20;
const double MiB = 1 << 20, TargetMiB = 512;
const string Table = "bench/t";

var directory = Directory.CreateTempSubdirectory("rapid-bench-");
await using var service = await ReplayOnSocket.StartAsync(directory.FullName, withRedis: true);
await service.Client.CreateTableAsync(new CreateTableRequest
{
    Definition = new TableDefinition
    {
        Name = Table,
        Kind = TableKind.Uniform,
        Store = StoreKind.Redis,
        CapacitySteps = TableSteps,
        CacheBytes = CacheBytes,
    },
});
var producers = Enumerable.Range(0, Producers).Select(i => new HalfCheetahBlocks($"p{i}", Table)).ToArray();
var clock = Stopwatch.StartNew();
await Task.WhenAll(producers.Select(producer =>
    Task.Run(() => producer.AppendAsync(service.Client, TableSteps / HalfCheetahBlocks.BlockSteps / Producers))));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"filled at {TableSteps / clock.Elapsed.TotalSeconds / 1e3:F0}k steps/s"));

var before = await InfoAsync();
using var ended = new CancellationTokenSource(TimeSpan.FromSeconds(Seconds));
clock.Restart();
await Task.WhenAll([SampleAsync(ended.Token), .. producers.Select(producer => Task.Run(() => AppendAsync(producer, ended.Token)))]);
var seconds = clock.Elapsed.TotalSeconds;
var after = await InfoAsync();
var peak = service.PeakMemory;
await service.DisposeAsync();
directory.Delete(recursive: true);
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{after.Steps / 1e6:F1} M transitions, {after.Bytes / 1e9:F2} GB in Redis; "
        + $"{(after.ColdBlocks - before.ColdBlocks) / seconds:F0} blocks/s fetched"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"append {(after.InsertedSteps - before.InsertedSteps) / seconds / 1e3:F0}k steps/s while sampling "
        + $"{(after.SampledItems - before.SampledItems) / seconds / 1e3:F1}k transitions/s, peak RSS {peak / MiB:F0} MiB with a cache of "
        + $"{CacheBytes / MiB:F0} MiB (target <= {TargetMiB:F0} MiB)"));
return peak / MiB <= TargetMiB ? 0 : 1;

async Task<TableInfo> InfoAsync() => (await service.Client.StatsAsync(new StatsRequest { Prefix = Table })).Tables[0];

async Task AppendAsync(HalfCheetahBlocks producer, CancellationToken cancellation)
{
    while (!cancellation.IsCancellationRequested)
    {
        await producer.AppendAsync(service.Client, 100);
    }
}

async Task SampleAsync(CancellationToken cancellation)
{
    using var channel = service.Connect();
    using var call = new Rapid.Protocol.V1.Replay.ReplayClient(channel).Sample(cancellationToken: CancellationToken.None);
    await call.RequestStream.WriteAsync(new SampleRequest { Table = Table, BatchSize = Batch, Credits = 4 }, CancellationToken.None);
    await call.ResponseStream.MoveNext(CancellationToken.None);
    while (!cancellation.IsCancellationRequested)
    {
        await call.ResponseStream.MoveNext(CancellationToken.None);
        await call.RequestStream.WriteAsync(new SampleRequest { Credits = 1 }, CancellationToken.None);
    }
}
