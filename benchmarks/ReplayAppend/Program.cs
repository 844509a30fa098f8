using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Benchmarks;
using Rapid.Hosting;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay;

// Replay.Append of 256 KiB trajectories over a unix socket into a table in memory, against a bare HTTP/2 request of the same bytes
// through the same Kestrel and the same kind of handler, in one process. Rounds alternate; the first ones leave the JIT time to optimise
// what a service runs for hours.
const int Blocks = 400, BlockBytes = 256 << 10, Steps = 63, WarmUp = 15, Rounds = 15;
const double Target = 0.9;

var directory = Directory.CreateTempSubdirectory("rapid-bench-");
var options = new ServiceOptions { Listen = [ServiceAddress.Unix(Path.Combine(directory.FullName, "replay"))] };
await using var app = ReplayHost.Build(options, LogLevel.Critical);
BareStreams.Map(app, Blocks, BlockBytes);
await app.StartAsync();
using var channel = Channels.Open(options.Listen[0], options);
using var bare = BareClient.Connect(options.Listen[0].SocketPath!);
var client = new Replay.ReplayClient(channel);
var column = TensorCodec.ToTensor<float>(new float[BlockBytes / 4], Steps + 1, 1, BlockBytes / 4 / (Steps + 1));
ulong sequence = 0;
List<double> ours = [], theirs = [];
for (var round = 0; round < WarmUp + Rounds; round++)
{
    var (append, stream) = (await MeasureAppendAsync(), await MeasureBareAsync());
    if (round >= WarmUp)
    {
        ours.Add(append);
        theirs.Add(stream);
    }
}

await app.StopAsync();
directory.Delete(recursive: true);
var ratio = Paired.MedianRatio(ours, theirs);
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"replay append: {Paired.Median(ours):F0} / {Paired.Median(theirs):F0} MiB/s of a bare HTTP/2 stream = {ratio:P0} "
        + $"(target >= {Target:P0})"));
return ratio >= Target ? 0 : 1;

async Task<double> MeasureAppendAsync()
{
    // A table of its own, large enough for the round, so that nothing but appending is measured.
    var definition = new TableDefinition { Name = "bench/t", Kind = TableKind.Queue, Store = StoreKind.Memory, CapacitySteps = 1 << 20 };
    await client.CreateTableAsync(new CreateTableRequest { Definition = definition });
    using var call = client.Append();
    var clock = Stopwatch.StartNew();
    var writing = Task.Run(async () =>
    {
        for (var i = 0; i < Blocks; i++)
        {
            var block = new Trajectory { Experiment = "bench", Producer = "p", Sequence = ++sequence, Steps = Steps, Environments = 1 };
            block.Columns.Add(new Column { Name = "observations", Tensor = column });
            await call.RequestStream.WriteAsync(new AppendRequest { Table = "bench/t", Trajectory = block });
        }

        await call.RequestStream.CompleteAsync();
    });
    await foreach (var reply in call.ResponseStream.ReadAllAsync())
    {
        if (reply.Code != 0)
        {
            throw new InvalidOperationException(reply.Message);
        }
    }

    await writing;
    var seconds = clock.Elapsed.TotalSeconds;
    await client.DropTableAsync(new DropTableRequest { Name = definition.Name });
    return Blocks * (BlockBytes / 1048576.0) / seconds;
}

async Task<double> MeasureBareAsync()
{
    var clock = Stopwatch.StartNew();
    await BareStreams.SendAsync(bare, Blocks, BlockBytes);
    return Blocks * (BlockBytes / 1048576.0) / clock.Elapsed.TotalSeconds;
}
