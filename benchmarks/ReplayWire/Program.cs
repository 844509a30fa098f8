using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Rapid.Benchmarks;
using Rapid.Hosting;
using Rapid.Processes;
using Rapid.Replay;

// Append and Sample of 256 KiB blocks with two streams each, over unix sockets to a service in a process of its own, against bare HTTP/2
// bodies of the same bytes. Rounds alternate; the first ones leave the JIT time to optimise what a service runs for hours.
const int Streams = 2, Blocks = 300, BlockBytes = 256 << 10, TableBlocks = 400, WarmUp = 8, Rounds = 11;
const double Target = 0.9;
const string Table = "bench/t";

if (args is ["serve"])
{
    await using var app = ReplayHost.Build(ServiceOptionsReader.Read(ServiceKind.Replay), LogLevel.Critical);
    BareStreams.Map(app, Blocks, BlockBytes);
    await app.RunAsync();
    return 0;
}

var directory = Directory.CreateTempSubdirectory("rapid-bench-");
var address = ServiceAddress.Unix(Path.Combine(directory.FullName, "replay"));
await using var service = RapidProcess.StartProgram(
    Environment.ProcessPath!, directory.FullName, ["serve"], new Dictionary<string, string> { ["RAPID_LISTEN"] = address.ToString() });
while (!File.Exists(address.SocketPath))
{
    await Task.Delay(50);
}

var channels = Enumerable.Range(0, Streams).Select(_ => Channels.Open(address, new ServiceOptions { Listen = [] })).ToArray();
var replay = channels.Select((channel, i) => new ReplayStreams(channel, $"p{i}", BlockBytes)).ToArray();
var bare = Enumerable.Range(0, Streams).Select(_ => BareClient.Connect(address.SocketPath!)).ToArray();
await replay[0].CreateAsync(Table, TableBlocks);
(string Name, Func<int, Task> Run, List<double> Rates)[] sides =
[
    ("append", i => replay[i].AppendAsync(Table, Blocks), []),
    ("bare up", i => BareStreams.SendAsync(bare[i], Blocks, BlockBytes), []),
    ("sample", i => replay[i].SampleAsync(Table, Blocks), []),
    ("bare down", i => BareStreams.ReceiveAsync(bare[i]), []),
];
for (var round = 0; round < WarmUp + Rounds; round++)
{
    foreach (var (_, run, rates) in sides)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Streams).Select(i => Task.Run(() => run(i))));
        if (round >= WarmUp)
        {
            rates.Add((double)Streams * Blocks * BlockBytes / 1e9 / clock.Elapsed.TotalSeconds);
        }
    }
}

Array.ForEach(channels, channel => channel.Dispose());
Array.ForEach(bare, client => client.Dispose());
await service.DisposeAsync();
directory.Delete(recursive: true);
var (append, sample) = (sides[0].Rates, sides[2].Rates);
var (appendRatio, sampleRatio) = (Paired.MedianRatio(append, sides[1].Rates), Paired.MedianRatio(sample, sides[3].Rates));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{Streams} streams: append {Paired.Median(append):F2} GB/s, {appendRatio:P0} of bare HTTP/2; "
        + $"sample {Paired.Median(sample):F2} GB/s, {sampleRatio:P0} of bare HTTP/2 (target >= {Target:P0} each)"));
return Math.Min(appendRatio, sampleRatio) >= Target ? 0 : 1;
