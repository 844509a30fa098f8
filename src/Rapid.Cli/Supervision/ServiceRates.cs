using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Rapid.Cli.Views;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Supervision;

/// <summary>What learner and replay services do in a second, and what waits for them, by their own figures.</summary>
internal sealed class ServiceRates
{
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(5), Interval = TimeSpan.FromSeconds(1);

    // Updates of large batches are some seconds apart.
    private const int MostIntervals = 4;

    private readonly Dictionary<string, (string Rate, string Backlog)> _byService = [];

    private ServiceRates()
    {
    }

    /// <summary>Why runs wait that cannot go on, one sentence each.</summary>
    public IReadOnlyList<string> Waiting { get; private set; } = [];

    /// <summary>Rate and backlog of a service; "-" where it has none.</summary>
    public (string Rate, string Backlog) Of(string service) => _byService.GetValueOrDefault(service, ("-", "-"));

    /// <summary>Measures for a second, or for a few while a run has made no step.</summary>
    /// <param name="state">Whose.</param>
    /// <param name="services">Those that answer.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<ServiceRates> MeasureAsync(
        StateFolder state, IReadOnlyList<ServicePlan> services, CancellationToken cancellation)
    {
        var options = new ServiceOptions { Listen = [], Token = ReadToken(state) };
        var learner = services.FirstOrDefault(service => service.Name == ServicePlan.Learner);
        var replays = services.Where(service => service.Kind == "replay").ToList();
        var rates = new ServiceRates();
        var clock = Stopwatch.StartNew();
        var (experiments, tables) = await SampleAsync();
        for (var i = 0; i < MostIntervals; i++)
        {
            await Task.Delay(Interval, cancellation);
            var (experimentsNow, tablesNow) = await SampleAsync();
            rates.Set(learner, experiments, experimentsNow, clock.Elapsed);
            foreach (var (replay, before, after) in replays.Zip(tables, tablesNow))
            {
                rates.Set(replay, before, after, clock.Elapsed);
            }

            if (StepsOf(experiments, experimentsNow) > 0 || experimentsNow?.Any(IsRunning) != true)
            {
                break;
            }
        }

        return rates;

        async Task<(IReadOnlyList<Experiment>?, IReadOnlyList<TableInfo>?[])> SampleAsync()
        {
            var experiments = learner is null ? null : await ListAsync(learner, options, cancellation);
            return (experiments, await Task.WhenAll(replays.Select(replay => StatsAsync(replay, options, cancellation))));
        }
    }

    private static bool IsRunning(Experiment experiment) => experiment.State == ExperimentState.Running;

    private static long StepsOf(IReadOnlyList<Experiment>? before, IReadOnlyList<Experiment>? after) => (after ?? [])
        .Sum(now => before?.FirstOrDefault(then => then.Id == now.Id) is { } then ? Math.Max(0, now.Step - then.Step) : 0);

    private void Set(ServicePlan? learner, IReadOnlyList<Experiment>? before, IReadOnlyList<Experiment>? after, TimeSpan time)
    {
        if (learner is null || after is null)
        {
            return;
        }

        var rate = after.Any(IsRunning) ? $"{Figures.Count(StepsOf(before, after) / time.TotalSeconds)} steps/s" : "-";
        var pending = after.Where(experiment => experiment.State == ExperimentState.Pending).ToList();
        _byService[learner.Name] = (rate, string.Create(CultureInfo.InvariantCulture, $"{pending.Count} runs"));
        Waiting = [.. pending.Where(run => run.Error.Length > 0).Select(run => $"{run.Id}: {run.Error}")];
    }

    private void Set(ServicePlan replay, IReadOnlyList<TableInfo>? before, IReadOnlyList<TableInfo>? after, TimeSpan time)
    {
        if (after is null)
        {
            return;
        }

        // The appended blocks of one life of a table are counted on.
        var blocks = after.Sum(now => before?.FirstOrDefault(then => then.Incarnation == now.Incarnation) is { } then
            ? (double)now.AppendedBlocks - then.AppendedBlocks
            : 0);
        var waiting = after.Where(table => table.Definition.Kind == TableKind.Queue).Sum(table => (long)table.Blocks);
        _byService[replay.Name] = (
            string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, blocks) / time.TotalSeconds:0.0} blocks/s"),
            string.Create(CultureInfo.InvariantCulture, $"{waiting} blocks"));
    }

    private static Task<IReadOnlyList<Experiment>?> ListAsync(
        ServicePlan learner, ServiceOptions options, CancellationToken cancellation) =>
        AskAsync<Experiment>(learner, options, async (channel, call) =>
            (await new Experiments.ExperimentsClient(channel).ListAsync(new ListRequest(), call)).Experiments, cancellation);

    private static Task<IReadOnlyList<TableInfo>?> StatsAsync(
        ServicePlan replay, ServiceOptions options, CancellationToken cancellation) =>
        AskAsync<TableInfo>(replay, options, async (channel, call) =>
            (await new Protocol.V1.Replay.ReplayClient(channel).StatsAsync(new StatsRequest(), call)).Tables, cancellation);

    private static async Task<IReadOnlyList<T>?> AskAsync<T>(
        ServicePlan service, ServiceOptions options, Func<Grpc.Net.Client.GrpcChannel, CallOptions, Task<IReadOnlyList<T>>> ask,
        CancellationToken cancellation)
    {
        using var channel = Channels.Open(service.Address!, options);
        try
        {
            return await ask(channel, new CallOptions(deadline: DateTime.UtcNow + CallTime, cancellationToken: cancellation));
        }
        catch (RpcException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private static string? ReadToken(StateFolder state)
    {
        var path = ServiceKeys.TokenFile(state, Roles.Operator);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }
}
