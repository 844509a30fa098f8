using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Benchmarks;
using Rapid.Hosting;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay;
using Rapid.Replay.Sampling;

// Batches of 256 transitions (17 observations, 6 actions, float32) drawn from a table of 1 M transitions in memory, as messages ready to be
// sent, against a bare loop that copies the same bytes at the same random indices out of plain arrays. Rounds alternate; the indices of a
// round are never those of the round before, so that neither side finds its rows in a cache. The rate over gRPC on a unix socket is printed
// as well.
const int Steps = 64, Environments = 4, BlockRows = Steps * Environments, Blocks = 4000, Rows = BlockRows * Blocks;
const int ObservationSize = 17, ActionSize = 6, Batch = 256, Batches = 500, WarmUp = 10, Rounds = 21;
const ulong Seed = 1;
const double Target = 0.5;

var directory = Directory.CreateTempSubdirectory("rapid-bench-");
var options = new ServiceOptions { Listen = [ServiceAddress.Unix(Path.Combine(directory.FullName, "replay"))] };
await using var app = ReplayHost.Build(options, LogLevel.Critical);
await app.StartAsync();
using var channel = Channels.Open(options.Listen[0], options);
var client = new Replay.ReplayClient(channel);
var definition =
    new TableDefinition { Name = "bench/t", Kind = TableKind.Uniform, Store = StoreKind.Memory, CapacitySteps = Rows, Seed = Seed };
await client.CreateTableAsync(new CreateTableRequest { Definition = definition });
var table = app.Services.GetRequiredService<TableRegistry>().GetRing(definition.Name);
for (ulong i = 1; i <= Blocks; i++)
{
    var outcome = await table.AppendAsync(Block(i), CancellationToken.None);
    if (outcome.Message.Length > 0)
    {
        throw new InvalidOperationException(outcome.Message);
    }
}

var bare = new BareTable(Rows, BlockRows, Environments, ObservationSize, ActionSize, Batch, Seed);
bare.Fill();
var buffer = new BatchBuffer(Batch, new BatchNews());
List<double> ours = [], theirs = [];
for (var round = 0; round < WarmUp + Rounds; round++)
{
    var indices = bare.Indices(Batches);
    var (mine, peer) = round % 2 == 0 ? (MeasureTable(), MeasureBare(indices)) : Swap(MeasureBare(indices), MeasureTable());
    if (round >= WarmUp)
    {
        ours.Add(mine);
        theirs.Add(peer);
    }
}

var wire = new List<double>();
for (var round = 0; round < 5; round++)
{
    wire.Add(await MeasureWireAsync());
}

await app.StopAsync();
directory.Delete(recursive: true);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"over gRPC on a unix socket, one stream: {Median(wire):F0} batches/s"));
var ratio = Median(ours) / Median(theirs);
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"replay sample: {Median(ours):F0} / {Median(theirs):F0} batches/s of a bare gather = {ratio:P0} (target >= {Target:P0})"));
return ratio >= Target ? 0 : 1;

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static (double Mine, double Peer) Swap(double peer, double mine) => (mine, peer);

static Trajectory Block(ulong sequence)
{
    var block = new Trajectory { Experiment = "bench", Producer = "p", Sequence = sequence, Steps = Steps, Environments = Environments };
    block.Add<float>(TrajectoryColumns.Observations, new float[(Steps + 1) * Environments * ObservationSize], Steps + 1, Environments,
        ObservationSize);
    block.Add<float>(TrajectoryColumns.Actions, new float[BlockRows * ActionSize], Steps, Environments, ActionSize);
    block.Add<float>(TrajectoryColumns.Rewards, new float[BlockRows], Steps, Environments);
    block.Add<byte>(TrajectoryColumns.Terminated, new byte[BlockRows], Steps, Environments);
    block.Add<byte>(TrajectoryColumns.Truncated, new byte[BlockRows], Steps, Environments);
    block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, ObservationSize);
    return block;
}

double MeasureTable()
{
    var clock = Stopwatch.StartNew();
    for (var i = 0; i < Batches; i++)
    {
        if (!table.TryDraw(buffer))
        {
            throw new InvalidOperationException(table.WhyWaiting());
        }

        buffer.Complete(0);
    }

    return Batches / clock.Elapsed.TotalSeconds;
}

double MeasureBare(int[] indices)
{
    var clock = Stopwatch.StartNew();
    for (var i = 0; i < Batches; i++)
    {
        bare.Gather(indices.AsSpan(i * Batch, Batch));
    }

    return Batches / clock.Elapsed.TotalSeconds;
}

async Task<double> MeasureWireAsync()
{
    using var call = client.Sample();
    await call.RequestStream.WriteAsync(new SampleRequest { Table = definition.Name, BatchSize = Batch, Credits = 8 });
    await call.ResponseStream.MoveNext(CancellationToken.None);
    var clock = Stopwatch.StartNew();
    for (var i = 0; i < Batches; i++)
    {
        await call.ResponseStream.MoveNext(CancellationToken.None);
        if (i % 4 == 3)
        {
            await call.RequestStream.WriteAsync(new SampleRequest { Credits = 4 });
        }
    }

    return Batches / clock.Elapsed.TotalSeconds;
}
