using System.Globalization;
using Grpc.Core;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>
/// A SAC run with three actors on a Redis store, and producers that append to a table of their own and keep count of acknowledgements,
/// while the replay service, redis-server and the learner are killed again and again. In the end the run has every update once, and both
/// tables have every acknowledged block once.
/// </summary>
/// <param name="folder">Empty; where everything runs.</param>
/// <param name="kills">How many.</param>
/// <param name="seed">Of victims, moments and pauses.</param>
/// <param name="fsync">
/// Redis' <c>appendfsync</c>. With <c>always</c> and <c>no</c> the system has the bytes before Redis confirms; with <c>everysec</c> Redis 7
/// holds them back for up to two seconds while it waits for the disk, and a kill then loses confirmed ones.
/// </param>
/// <param name="say">Hears what happens.</param>
internal sealed class KillDrill(string folder, int kills, int seed, string fsync, Action<string> say)
{
    private const int Actors = 3, Producers = 3, WarmUp = 400, MetricsInterval = 100, UpdatesPerKill = 2000;
    private const string Table = "kills/blocks";
    private static readonly string[] Victims = ["replay", "redis", "learner"];

    private readonly Random _random = new(seed);
    private readonly TableAudit _audit = new();
    private readonly Stack<string> _victims = new();

    private int Updates => (kills + 2) * UpdatesPerKill;

    private RunFolder Run => RunFolder.Single(Path.Combine(folder, "runs"));

    /// <summary>Runs to the end.</summary>
    /// <returns>What is not as it must be; nothing when all is well.</returns>
    public async Task<IReadOnlyList<string>> RunAsync()
    {
        await using var cluster = ClusterProcesses.Start(folder, Actors, fsync: fsync);
        var address = ServiceAddress.Parse(cluster.Replay);
        using var channel = Channels.Open(address, new ServiceOptions { Listen = [], Token = ClusterProcesses.Token });
        var client = new Replay.ReplayClient(channel);
        var run = await cluster.SubmitAsync(await WriteSpecAsync());
        await CreateTableAsync(client);
        using var ended = new CancellationTokenSource();
        RecordingProducer[] producers =
            [.. Enumerable.Range(0, Producers).Select(i => new RecordingProducer(client, Table, $"producer-{i}"))];
        var producing = Task.WhenAll(producers.Select(producer => Task.Run(() => producer.RunAsync(ended.Token))));

        for (var kill = 1; kill <= kills; kill++)
        {
            await AwaitMomentAsync(cluster, client, run, kill);
            await KillAsync(cluster, kill);
        }

        await Eventually.TrueAsync(() => LastUpdate() >= (long)kills * UpdatesPerKill, () => cluster.Story);
        var isEarly = !await AuditAsync(cluster, client, run);
        await Eventually.TrueAsync(() => Run.State is "finished" or "failed", () => cluster.Story);
        await ended.CancelAsync();
        await producing;

        // Nothing may come from memory.
        await cluster.RestartAsync("replay");
        var held = await ExportAsync(client, Table);
        List<string> problems =
        [
            .. CheckRun(isEarly), .. await CheckTablesAsync(client), .. _audit.Problems,
            .. producers.SelectMany(producer => Check(producer, held)),
        ];
        say(string.Create(
            CultureInfo.InvariantCulture,
            $"{producers.Sum(producer => (long)producer.Acknowledged)} blocks acknowledged, {producers.Sum(producer => producer.Repeated)} "
                + $"of them when they came again, {held.Count} held; of the run {_audit.Blocks} blocks in {_audit.Looks} looks"));
        if (problems.Count > 0)
        {
            say(cluster.Story);
        }

        return problems;
    }

    private async Task<string> WriteSpecAsync()
    {
        var path = Path.Combine(folder, "spec.yaml");
        await File.WriteAllTextAsync(
            path,
            $$"""
            environment: { name: Pendulum-v1 }
            algorithm:
              { name: sac, rollout_steps: 8, batch_size: 16, warm_up_steps: {{WarmUp}},
                publish_interval: 8, metrics_interval: {{MetricsInterval}} }
            actors: { count: {{Actors}} }
            network: { hidden_sizes: [16, 16] }
            total_steps: {{WarmUp + Updates}}
            replay: { store: redis }
            evaluation: { interval_steps: 2000, episodes: 1, final_episodes: 2 }
            checkpoint: { interval_steps: 500 }
            """);
        return path;
    }

    private static Task<TableInfo> CreateTableAsync(Replay.ReplayClient client) => UntilItAnswersAsync(
        async () => await client.CreateTableAsync(
        new CreateTableRequest
        {
            Definition = new TableDefinition
            {
                Name = Table,
                Kind = TableKind.Uniform,
                Store = StoreKind.Redis,
                CapacitySteps = 10_000_000,
                CacheBytes = 1 << 20,
            },
        }));

    /// <summary>
    /// Mostly when the run has come so far that kills spread over it, after a look at the run's table; else at once, so that a kill meets
    /// what the one before it left.
    /// </summary>
    private async Task AwaitMomentAsync(ClusterProcesses cluster, Replay.ReplayClient client, string run, int kill)
    {
        if (_random.Next(4) > 0)
        {
            await Eventually.TrueAsync(() => LastUpdate() >= (long)(kill - 1) * UpdatesPerKill, () => cluster.Story);
            await AuditAsync(cluster, client, run);
        }

        await Task.Delay(_random.Next(500));
    }

    private async Task KillAsync(ClusterProcesses cluster, int kill)
    {
        if (_victims.Count == 0)
        {
            var order = Victims.ToArray();
            _random.Shuffle(order);
            Array.ForEach(order, _victims.Push);
        }

        var (victim, pause) = (_victims.Pop(), _random.Next(2) * _random.Next(2000));
        say(string.Create(CultureInfo.InvariantCulture, $"kill {kill}/{kills} at update {LastUpdate()}: {victim}, back after {pause} ms"));
        await cluster.KillAsync(victim);
        await Task.Delay(pause);
        cluster.Start(victim);
    }

    private long LastUpdate() =>
        Run.Metrics().Where(line => (string)line["kind"]! == "train").Select(line => (long)line["updates"]!).LastOrDefault();

    /// <summary>Looks at the run's table. The learner stands still meanwhile: a run drops its table when it ends.</summary>
    /// <returns>False when it has ended.</returns>
    private async Task<bool> AuditAsync(ClusterProcesses cluster, Replay.ReplayClient client, string run)
    {
        cluster.Running["learner"].Freeze();
        try
        {
            // Named by the run's identity, too.
            var tables = (await UntilItAnswersAsync(() => client.StatsAsync(new StatsRequest { Prefix = $"{run}." }).ResponseAsync)).Tables;
            if (tables.Count == 0)
            {
                return false;
            }

            _audit.Look(await ExportAsync(client, tables[0].Definition.Name));
            return true;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.NotFound)
        {
            return false;
        }
        finally
        {
            cluster.Running["learner"].Continue();
        }
    }

    private IEnumerable<string> CheckRun(bool isEarly)
    {
        if (isEarly)
        {
            yield return "the run was over before the kills were";
        }

        if (Run.State != "finished")
        {
            yield return $"the run is {Run.State}";
        }

        var expected = Enumerable.Range(1, Updates / MetricsInterval).Select(line => (long)line * MetricsInterval).ToArray();
        var lines = Run.Metrics().Where(line => (string)line["kind"]! == "train").Select(line => (long)line["updates"]!).ToArray();
        if (!lines.SequenceEqual(expected))
        {
            yield return $"lines of metrics are of updates {string.Join(' ', lines)}";
        }

        if (Run.TrainingSteps().LastOrDefault() != WarmUp + Updates
            || (long?)Run.Evaluations().LastOrDefault()?["step"] != WarmUp + Updates)
        {
            yield return $"the run ended at step {Run.TrainingSteps().LastOrDefault()}, not {WarmUp + Updates}";
        }
    }

    /// <summary>A run that is over leaves no table behind.</summary>
    private static async Task<IEnumerable<string>> CheckTablesAsync(Replay.ReplayClient client) =>
        from table in (await client.StatsAsync(new StatsRequest())).Tables
        where table.Definition.Name != Table
        select $"table {table.Definition.Name} was left with {table.Blocks} blocks";

    private static IEnumerable<string> Check(RecordingProducer producer, IReadOnlyList<SampledItem> held)
    {
        var blocks = held.Where(item => item.Trajectory.Producer == producer.Name).OrderBy(item => item.Trajectory.Sequence).ToArray();
        var count = (ulong)blocks.Length;

        // What was on its way in the end may be there without its acknowledgement.
        if (count < producer.Acknowledged || count > producer.Acknowledged + RecordingProducer.Window || producer.Acknowledged == 0)
        {
            yield return $"{producer.Name} had {producer.Acknowledged} acknowledgements and has {count} blocks";
        }

        for (ulong i = 0; i < count; i++)
        {
            if (!blocks[i].Trajectory.Equals(RecordingProducer.Block(producer.Name, i + 1)))
            {
                yield return $"block {i + 1} of {producer.Name} is {blocks[i].Trajectory.Sequence}, or its content is another";
                break;
            }
        }
    }

    private static Task<List<SampledItem>> ExportAsync(Replay.ReplayClient client, string table) => UntilItAnswersAsync(async () =>
    {
        using var call = client.Export(new ExportRequest { Table = table });
        return await call.ResponseStream.ReadAllAsync().ToListAsync();
    });

    private static async Task<T> UntilItAnswersAsync<T>(Func<Task<T>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (RpcException error) when (Resilience.IsTransient(error))
            {
                await Task.Delay(100);
            }
        }
    }
}
