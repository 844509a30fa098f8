using System.Globalization;
using Grpc.Core;
using Rapid.Benchmarks;
using Rapid.Hosting;
using Rapid.Processes;
using Rapid.Protocol.V1;

// Everything at full speed: a SAC run with two actors, and besides appends to and draws from a table in memory and one in Redis. The
// resident memory of every process is read once a second; its slope after the first third, which is warm-up, is printed. The argument is
// the length in seconds.
const int Actors = 2;
const double MiB = 1 << 20;
var seconds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 600;
if (seconds < 120)
{
    Console.WriteLine($"{seconds} seconds are too short for a slope; allowed: >= 120");
    return 2;
}

var directory = Directory.CreateTempSubdirectory("rapid-bench-");
var spec = Path.Combine(directory.FullName, "spec.yaml");
await File.WriteAllTextAsync(
    spec,
    $$"""
    environment: { name: Pendulum-v1 }
    algorithm: { name: sac, rollout_steps: 8, batch_size: 64, warm_up_steps: 1000, metrics_interval: 1000, publish_interval: 8 }
    actors: { count: {{Actors}} }
    network: { hidden_sizes: [64, 64] }
    total_steps: 1_000_000_000
    replay: { store: redis, capacity_steps: 20_000 }
    evaluation: { interval_steps: 5_000, episodes: 1 }
    checkpoint: { interval_steps: 10_000 }
    """);
await using var cluster = ClusterProcesses.Start(directory.FullName, Actors);
await cluster.SubmitAsync(spec);
var (address, options) = (ServiceAddress.Parse(cluster.Replay), new ServiceOptions { Listen = [], Token = ClusterProcesses.Token });
using var channel = Channels.Open(address, options);
var client = new Replay.ReplayClient(channel);
using var ended = new CancellationTokenSource();
var loads = new List<Task>();
foreach (var (table, store) in new[] { ("soak/memory", StoreKind.Memory), ("soak/redis", StoreKind.Redis) })
{
    await CreateAsync(Load.Table(table, store));
    loads.Add(Task.Run(() => Load.AppendAsync(address, options, table, ended.Token)));
    loads.Add(Task.Run(() => Load.SampleAsync(address, options, table, ended.Token)));
}

var memory = cluster.Running.Keys.Order(StringComparer.Ordinal).ToDictionary(name => name, _ => new List<double>());
using (var timer = new PeriodicTimer(TimeSpan.FromSeconds(1)))
{
    for (var second = 0; second < seconds && await timer.WaitForNextTickAsync() && !loads.Exists(load => load.IsCompleted); second++)
    {
        foreach (var (name, values) in memory)
        {
            values.Add(cluster.Running[name].ResidentBytes / MiB);
        }
    }
}

var tables = (await client.StatsAsync(new StatsRequest())).Tables;
await ended.CancelAsync();
await Task.WhenAll(loads);
foreach (var table in tables)
{
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{table.Definition.Name}: {table.InsertedSteps / 1e6:F2} M steps appended, {table.SampledItems / 1e6:F2} M items drawn"));
}

var trends = memory.ToDictionary(process => process.Key, process => Trend.Of(process.Value[(seconds / 3)..]));
foreach (var (name, trend) in trends)
{
    var tenths = memory[name].Chunk(seconds / 10).Select(part => part.Average().ToString("F0", CultureInfo.InvariantCulture));
    Console.WriteLine($"{name}: {string.Join(' ', tenths)} MiB in each tenth of the time");
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-10} {trend.Mean,7:F1} MiB {trend.Slope * 3600,8:F1} +- {trend.Error * 3600:F1} MiB/hour  "
            + $"{(trend.IsFlat ? "flat" : "GROWS")}"));
}

await cluster.DisposeAsync();
directory.Delete(recursive: true);
var growing = trends.Where(trend => !trend.Value.IsFlat).Select(trend => trend.Key).ToList();
Console.WriteLine(growing.Count == 0
    ? $"{seconds} s at full speed: the memory of all {trends.Count} processes is flat after the first third"
    : $"{seconds} s at full speed: memory grows in {string.Join(", ", growing)}");
return growing.Count == 0 ? 0 : 1;

async Task CreateAsync(TableDefinition definition)
{
    while (true)
    {
        try
        {
            await client.CreateTableAsync(new CreateTableRequest { Definition = definition });
            return;
        }
        catch (RpcException error) when (Resilience.IsTransient(error))
        {
            await Task.Delay(100);
        }
    }
}
