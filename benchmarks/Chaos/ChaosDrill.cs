using System.Diagnostics;
using Grpc.Core;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>
/// A distributed training and recorded traffic beside it, to which everything on a schedule is done; in the end every run has come to its
/// end, every acknowledged block is accounted for, and nobody crashed.
/// </summary>
/// <param name="folder">Empty; where everything runs.</param>
/// <param name="schedule">What is done when.</param>
/// <param name="plan">What the n-th run is.</param>
/// <param name="say">Hears what happens.</param>
/// <param name="otherProgram">Another version's <c>rapid</c>, to which rolling restarts go over and back; null restarts the same.</param>
internal sealed class ChaosDrill(
    string folder, IReadOnlyList<Fault> schedule, Func<int, RunPlan> plan, Action<string> say, string? otherProgram = null)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Dictionary<string, TableAudit> _audits = [];

    /// <summary>Runs to the end.</summary>
    public async Task<ChaosReport> RunAsync()
    {
        await using var cluster = await ChaosCluster.StartAsync(folder, otherProgram);
        var isOver = false;
        using var runs = new RunFollower(
            cluster.Processes.Learner, Path.Combine(folder, "runs"), number => Volatile.Read(ref isOver) ? null : plan(number),
            text => say($"        {text}"));
        var (recoveries, health) = (new Recoveries(), new Health(cluster.Processes));
        var nemesis = new Nemesis(cluster, runs, recoveries, health, say);
        runs.Advanced += recoveries.OnAdvance;
        await using var traffic = new RecordedTraffic(cluster.Processes.Replays, cluster.RecordersReplays());
        using var ended = new CancellationTokenSource();
        await traffic.StartAsync();
        var following = Task.Run(() => runs.FollowAsync(ended.Token));
        List<string> problems = [];
        var began = Stopwatch.GetTimestamp();
        foreach (var fault in schedule)
        {
            await nemesis.WaitAsync(fault.At - Stopwatch.GetElapsedTime(began));
            await AuditAsync(cluster.Processes.Replays, runs);
            say($"{fault}");
            await nemesis.DoAsync(fault);
        }

        Volatile.Write(ref isOver, true);
        say("        no more faults");
        if (!await EndsAsync(following, runs, nemesis))
        {
            problems.Add($"training stands still: {runs.Furthest}");
        }

        problems.AddRange(following.IsFaulted ? [$"{following.Exception!.InnerException!.Message}"] : []);
        problems.AddRange(await traffic.EndAsync());
        problems.AddRange(
            [.. nemesis.Problems, .. runs.Check(), .. health.Problems(), .. _audits.Values.SelectMany(audit => audit.Problems)]);
        await ended.CancelAsync();
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (problems.Count > 0)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "story.txt"), cluster.Processes.Story);
        }

        return new ChaosReport(recoveries.Outcomes, problems,
        [
            .. runs.Summary(), traffic.Summary, $"{_audits.Values.Sum(audit => audit.Looks)} looks at tables of runs",
            $"most memory in MiB: {health.Summary()}",
        ]);
    }

    /// <summary>Waits for the last run as long as it goes on.</summary>
    private static async Task<bool> EndsAsync(Task following, RunFollower runs, Nemesis nemesis)
    {
        var (furthest, since) = (runs.Furthest, Stopwatch.GetTimestamp());
        while (!following.IsCompleted && Stopwatch.GetElapsedTime(since) < Patience)
        {
            await nemesis.WaitAsync(TimeSpan.FromSeconds(0.5));
            (furthest, since) = runs.Furthest.CompareTo(furthest) > 0 ? (runs.Furthest, Stopwatch.GetTimestamp()) : (furthest, since);
        }

        return following.IsCompleted;
    }

    /// <summary>Whether the tables of a run from which nothing is evicted hold what they held before.</summary>
    private async Task AuditAsync(string[] replays, RunFollower runs)
    {
        if (runs.Newest is not { } run || !run.Plan.Name.StartsWith("sac", StringComparison.Ordinal))
        {
            return;
        }

        for (var shard = 0; shard < replays.Length; shard++)
        {
            var options = new ServiceOptions { Listen = [], Token = ClusterProcesses.Token };
            using var channel = Channels.Open(ServiceAddress.Parse(replays[shard]), options);
            var client = new Replay.ReplayClient(channel);
            try
            {
                var deadline = DateTime.UtcNow.AddSeconds(10);
                var tables = await client.StatsAsync(
                    new StatsRequest { Prefix = $"{Path.GetFileName(run.Folder.Path)}." }, deadline: deadline);
                foreach (var table in tables.Tables)
                {
                    using var call = client.Export(new ExportRequest { Table = table.Definition.Name }, deadline: deadline);
                    var held = await call.ResponseStream.ReadAllAsync().ToListAsync();
                    if (run.Folder.TrainingSteps().LastOrDefault() >= run.Plan.Steps)
                    {
                        // It is over, and its table may be half gone.
                        return;
                    }

                    var name = $"{shard}/{table.Definition.Name}";
                    _audits.TryAdd(name, new TableAudit());
                    _audits[name].Look(held);
                }
            }
            catch (RpcException)
            {
                // The service is being repaired, or the run has just ended.
            }
        }
    }
}
