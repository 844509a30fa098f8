using System.Diagnostics;
using System.Globalization;
using Rapid.Processes;
using Rapid.Protocol.V1;

// The 99th percentile of how long an append of a block and a draw of a batch take, at a steady pace against a table of 2 M transitions,
// while the table is being saved again and again, against the same while it is not. Phases alternate.
const int TableSteps = 2_000_000, Batch = 256, Rounds = 8, WarmUp = 1;
const double Target = 2;
const string Table = "bench/t";
TimeSpan phase = TimeSpan.FromSeconds(3), pace = TimeSpan.FromMilliseconds(4);

var directory = Directory.CreateTempSubdirectory("rapid-bench-");
await using var service = await ReplayOnSocket.StartAsync(directory.FullName, withRedis: false);
await service.Client.CreateTableAsync(new CreateTableRequest
{
    Definition = new TableDefinition { Name = Table, Kind = TableKind.Uniform, Store = StoreKind.Memory, CapacitySteps = TableSteps },
});
var blocks = new HalfCheetahBlocks("p", Table);
await blocks.AppendAsync(service.Client, TableSteps / HalfCheetahBlocks.BlockSteps);
using var sampleChannel = service.Connect();
using var append = service.Client.Append();
using var sample = new Rapid.Protocol.V1.Replay.ReplayClient(sampleChannel).Sample();
await sample.RequestStream.WriteAsync(new SampleRequest { Table = Table, BatchSize = Batch });
await sample.ResponseStream.MoveNext(CancellationToken.None);
(List<double> Appends, List<double> Samples) quiet = ([], []), saving = ([], []);
var (saves, bytes) = (0, 0UL);
for (var round = 0; round < WarmUp + Rounds; round++)
{
    var before = await MeasureAsync();
    using var ended = new CancellationTokenSource();
    var background = SaveAsync(ended.Token);
    var during = await MeasureAsync();
    await ended.CancelAsync();
    await background;
    if (round >= WarmUp)
    {
        quiet.Appends.Add(before.Append);
        quiet.Samples.Add(before.Sample);
        saving.Appends.Add(during.Append);
        saving.Samples.Add(during.Sample);
    }
}

Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{saves} checkpoints of {bytes / 1e6:F0} MB; peak RSS of the service {service.PeakMemory / 1048576.0:F0} MiB"));
await service.DisposeAsync();
directory.Delete(recursive: true);
var (appends, samples) = (Median(saving.Appends) / Median(quiet.Appends), Median(saving.Samples) / Median(quiet.Samples));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"p99 of append {Median(quiet.Appends):F2} -> {Median(saving.Appends):F2} ms = {appends:F2}x, of sample {Median(quiet.Samples):F2} -> "
        + $"{Median(saving.Samples):F2} ms = {samples:F2}x with a checkpoint in the background (target <= {Target:F0}x)"));
return Math.Max(appends, samples) <= Target ? 0 : 1;

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

async Task SaveAsync(CancellationToken ended)
{
    while (!ended.IsCancellationRequested)
    {
        var request = new SaveTableRequest { Table = Table, Checkpoint = "bench" };
        bytes = (await service.Client.SaveTableAsync(request, cancellationToken: CancellationToken.None)).Bytes;
        saves++;
    }
}

async Task<(double Append, double Sample)> MeasureAsync()
{
    var both = await Task.WhenAll(Task.Run(() => RepeatAsync(AppendAsync)), Task.Run(() => RepeatAsync(SampleBatchAsync)));
    return (both[0], both[1]);
}

// Milliseconds.
async Task<double> RepeatAsync(Func<Task> operation)
{
    // Timers of one process are not what is measured: only the operation is.
    var (times, clock) = (new List<double>(), Stopwatch.StartNew());
    using var timer = new PeriodicTimer(pace);
    for (var due = pace; due < phase; due += pace)
    {
        while (clock.Elapsed < due)
        {
            await timer.WaitForNextTickAsync();
        }

        var begin = clock.Elapsed;
        await operation();
        times.Add((clock.Elapsed - begin).TotalMilliseconds);
    }

    return times.Order().ElementAt(times.Count * 99 / 100);
}

async Task AppendAsync()
{
    await append.RequestStream.WriteAsync(blocks.Next());
    await append.ResponseStream.MoveNext(CancellationToken.None);
}

async Task SampleBatchAsync()
{
    await sample.RequestStream.WriteAsync(new SampleRequest { Credits = 1 });
    await sample.ResponseStream.MoveNext(CancellationToken.None);
}
