using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>
/// Producers and consumers of tables of their own, beside a training: on each replay service a table that keeps everything, one that
/// evicts, and a queue.
/// </summary>
internal sealed class RecordedTraffic : IAsyncDisposable
{
    private const int Everything = 1_000_000, Few = 100;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100), Patience = TimeSpan.FromSeconds(90);

    private readonly CancellationTokenSource _producersEnd = new(), _consumersEnd = new();
    private readonly List<GrpcChannel> _channels = [];
    private readonly List<Recorded> _tables = [];
    private readonly List<Task> _producing = [], _consuming = [];

    /// <param name="directly">Where the replay services are.</param>
    /// <param name="faulty">Where they are by links that faults hit.</param>
    public RecordedTraffic(IReadOnlyList<string> directly, IReadOnlyList<string> faulty)
    {
        for (var shard = 0; shard < directly.Count; shard++)
        {
            var (calm, client) = (Open(directly[shard]), Open(faulty[shard]));
            foreach (var (kind, capacity) in new[] { (TableKind.Uniform, Everything), (TableKind.Uniform, Few), (TableKind.Queue, Few) })
            {
                var name = kind == TableKind.Queue ? "queue" : capacity == Few ? "few" : "everything";
                var history = new History();
                var producer = new RecordingProducer(
                    client, $"chaos/{name}", $"{name}-{shard}", Pace,
                    reply => history.Acknowledge(new BlockName(reply.Producer, reply.Sequence), reply.Duplicate));
                _tables.Add(new Recorded(calm, client, $"chaos/{name}", kind, capacity, producer, history));
            }
        }
    }

    /// <summary>Whose work broke: none is to.</summary>
    public IEnumerable<string> Failures => _producing.Concat(_consuming).Where(task => task.IsFaulted)
        .Select(task => $"recorded traffic: {task.Exception!.InnerException!.Message}");

    /// <summary>What was heard, in words.</summary>
    public string Summary => string.Create(
        CultureInfo.InvariantCulture,
        $"{_tables.Sum(table => table.History.Acknowledged)} blocks acknowledged in {_tables.Count} tables, "
            + $"{_tables.Sum(table => table.History.Repeated)} of them when they came again");

    /// <summary>Makes the tables, and begins.</summary>
    public async Task StartAsync()
    {
        foreach (var table in _tables)
        {
            var request = new CreateTableRequest { Definition = table.Definition };
            await UntilItAnswersAsync(async () => await table.Calm.CreateTableAsync(request));
            _producing.Add(Task.Run(() => table.Producer.RunAsync(_producersEnd.Token)));
            if (table.Kind == TableKind.Queue)
            {
                var consumer = new RecordingConsumer(table.Client, table.Name, table.History);
                _consuming.Add(Task.Run(() => consumer.RunAsync(_consumersEnd.Token)));
            }
        }
    }

    /// <summary>Ends the producers, empties the queues, and compares what the tables hold with what was heard.</summary>
    /// <returns>What is not as it must be.</returns>
    public async Task<IReadOnlyList<string>> EndAsync()
    {
        var problems = await CheckLivesAsync();
        await _producersEnd.CancelAsync();
        await Task.WhenAny(Task.WhenAll(_producing), Task.Delay(Patience));
        var queues = _tables.Where(table => table.Kind == TableKind.Queue).ToList();
        for (var deadline = DateTime.UtcNow + Patience; !queues.TrueForAll(queue => queue.History.IsDrained) && DateTime.UtcNow < deadline;)
        {
            await Task.Delay(100);
        }

        await _consumersEnd.CancelAsync();
        await Task.WhenAny(Task.WhenAll(_consuming), Task.Delay(Patience));
        problems.AddRange(Failures);
        foreach (var table in _tables)
        {
            var offered = new Dictionary<string, ulong>
            {
                [table.Producer.Name] = table.Producer.Acknowledged + RecordingProducer.Window,
            };
            var found = table.Kind == TableKind.Queue
                ? table.History.CheckQueue(offered)
                : table.History.CheckRing(await HeldAsync(table, problems), offered, table.Capacity);
            problems.AddRange(found.Take(5).Select(problem => $"{table.Name} of {table.Producer.Name}: {problem}"));
        }

        return problems;
    }

    public async ValueTask DisposeAsync()
    {
        await _producersEnd.CancelAsync();
        await _consumersEnd.CancelAsync();
        _channels.ForEach(channel => channel.Dispose());
        await Task.WhenAll(_producing.Concat(_consuming)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _producersEnd.Dispose();
        _consumersEnd.Dispose();
    }

    /// <summary>Whether every table still takes blocks, by itself, after all that was done.</summary>
    private async Task<List<string>> CheckLivesAsync()
    {
        var since = DateTime.UtcNow;
        var waiting = _tables.ToDictionary(table => table, table => table.Producer.Acknowledged);
        while (waiting.Count > 0 && DateTime.UtcNow - since < Patience)
        {
            await Task.Delay(100);
            waiting = waiting.Where(table => table.Key.Producer.Acknowledged == table.Value).ToDictionary();
        }

        return [.. waiting.Keys.Select(table => $"{table.Name} takes no block of {table.Producer.Name} any more")];
    }

    /// <summary>What a table holds; a block with another content is a problem.</summary>
    private static async Task<List<BlockName>> HeldAsync(Recorded table, List<string> problems)
    {
        var held = await UntilItAnswersAsync(async () =>
        {
            using var call = table.Calm.Export(new ExportRequest { Table = table.Name });
            return await call.ResponseStream.ReadAllAsync().ToListAsync();
        });
        problems.AddRange(held.Select(item => item.Trajectory)
            .Where(block => !block.Equals(RecordingProducer.Block(block.Producer, block.Sequence)))
            .Select(block => $"{table.Name}: block {block.Sequence} of {block.Producer} has a content that its producer never sent"));
        return [.. held.Select(item => new BlockName(item.Trajectory.Producer, item.Trajectory.Sequence))];
    }

    /// <summary>Waits out what faults leave behind.</summary>
    private static async Task<T> UntilItAnswersAsync<T>(Func<Task<T>> ask)
    {
        for (var deadline = DateTime.UtcNow + Patience; ;)
        {
            try
            {
                return await ask();
            }
            catch (RpcException error) when (Resilience.IsTransient(error) && DateTime.UtcNow < deadline)
            {
                await Task.Delay(100);
            }
        }
    }

    private Replay.ReplayClient Open(string address)
    {
        var channel = Channels.Open(ServiceAddress.Parse(address), new ServiceOptions { Listen = [], Token = ClusterProcesses.Token });
        _channels.Add(channel);
        return new Replay.ReplayClient(channel);
    }

    private sealed record Recorded(
        Replay.ReplayClient Calm, Replay.ReplayClient Client, string Name, TableKind Kind, int Capacity, RecordingProducer Producer,
        History History)
    {
        public TableDefinition Definition => new()
        {
            Name = Name,
            Kind = Kind,
            Store = StoreKind.Fsync,
            CapacitySteps = (ulong)(Capacity * RecordingProducer.BlockSteps),
            CacheBytes = Kind == TableKind.Queue ? 0 : 1UL << 20,
        };
    }
}
