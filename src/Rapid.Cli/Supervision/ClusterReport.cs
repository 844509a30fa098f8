using System.Diagnostics;
using System.Globalization;

namespace Rapid.Cli.Supervision;

/// <summary>How every service of a state folder is now.</summary>
internal sealed class ClusterReport
{
    private const int Width = 100;

    private readonly StateFolder _state;

    private ClusterReport(StateFolder state, IReadOnlyList<Row> rows) => (_state, Rows) = (state, rows);

    /// <summary>A wanted service.</summary>
    /// <param name="Service">How it is started.</param>
    /// <param name="Process">Its process; null when there is none.</param>
    /// <param name="Health">What <see cref="ServiceHealth"/> says.</param>
    /// <param name="History">How often it was started again.</param>
    internal sealed record Row(ServicePlan Service, MarkedProcess? Process, string Health, ServiceHistory History)
    {
        /// <summary>Whether it runs, as it is wanted, and can do its work.</summary>
        public bool IsWell => Health == ServiceHealth.Serving && Process?.Fingerprint == Service.Fingerprint;
    }

    /// <summary>Every wanted service, the supervisor first.</summary>
    public IReadOnlyList<Row> Rows { get; }

    /// <summary>Whether all run and can do their work.</summary>
    public bool IsWell => Rows.All(row => row.IsWell);

    /// <summary>Whether nothing runs.</summary>
    public bool IsEmpty => Rows.All(row => row.Process is null);

    /// <summary>Asks all at once.</summary>
    public static async Task<ClusterReport> LookAsync(StateFolder state, ClusterPlan plan, CancellationToken cancellation)
    {
        var processes = MarkedProcess.All(state).Where(process => process.IsService).ToList();
        var history = state.ReadHistory();
        var rows = ServicePlan.All(state, plan).Prepend(ServicePlan.ForSupervisor(state)).Select(async service =>
        {
            var process = processes.Find(process => process.Name == service.Name);
            var health = process is null ? ServiceHealth.Absent : await ServiceHealth.AskAsync(state, service, cancellation);
            var counted = history.GetValueOrDefault(service.Name) ?? new ServiceHistory(0, null);

            // It may have ended while it was asked.
            return process is { IsAlive: true }
                ? new Row(service, process, health, counted)
                : new Row(service, null, ServiceHealth.Absent, counted);
        });
        return new ClusterReport(state, await Task.WhenAll(rows));
    }

    /// <summary>Writes the table, and below it what services complain about and what to do.</summary>
    /// <param name="output">Takes it.</param>
    /// <param name="isStart">Whether complaints of services that are well are left out: each waited for the others to start.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task WriteAsync(TextWriter output, bool isStart, CancellationToken cancellation)
    {
        var answering = Rows.Where(row => row.Health is ServiceHealth.Serving or ServiceHealth.NotServing).Select(row => row.Service);
        var rates = await ServiceRates.MeasureAsync(_state, [.. answering], cancellation);
        TextTable.Write(output, ["service", "pid", "since", "restarts", "health", "rate", "backlog"], Rows.Select(row =>
        {
            var (rate, backlog) = rates.Of(row.Service.Name);
            return (string[])
            [
                row.Service.Name,
                row.Process?.Pid.ToString(CultureInfo.InvariantCulture) ?? "-",
                row.Process is { } process ? SinceOf(process) : "-",
                row.History.Restarts.ToString(CultureInfo.InvariantCulture),
                row.Health,
                rate,
                backlog,
            ];
        }));
        foreach (var row in Rows.Where(row => !isStart || !row.IsWell))
        {
            WriteProblem(output, row, rates.Waiting);
        }
    }

    /// <summary>What to do about a service; null when it is well.</summary>
    public string? AdviceFor(Row row) => row switch
    {
        { IsWell: true } => null,
        { Service.Name: ServicePlan.Supervisor } => "what ends is not started again: run 'rapid up'",
        { Process: null } when Rows[0].Process is null => "run 'rapid up'",
        { Process: null, History.LastEnd: { } end } =>
            $"it {end} and is started again by itself; whole log: {_state.LogOf(row.Service.Name)}",
        { Process: null } => $"it is started by itself; whole log: {_state.LogOf(row.Service.Name)}",
        { Health: ServiceHealth.Silent } => string.Create(
            CultureInfo.InvariantCulture,
            $"it starts, or hangs; if it stays so, 'kill -9 {row.Process.Pid}' lets it start anew; log: {_state.LogOf(row.Service.Name)}"),
        { Health: ServiceHealth.Serving } => "it was started otherwise than it would be now: run 'rapid up'",
        { Service.Name: ServicePlan.Learner } => "a run waits for something to be mended: 'rapid list' says for what",
        { Service.Name: ServicePlan.Redis } => "it reads its data; wait",
        _ => $"it waits for Redis; whole log: {_state.LogOf(row.Service.Name)}",
    };

    private void WriteProblem(TextWriter output, Row row, IReadOnlyList<string> waiting)
    {
        var log = _state.LogOf(row.Service.Name);
        var problem = row.Service.Name == ServicePlan.Supervisor ? null
            : ServiceLog.LastProblem(log) ?? (row.Process is null && ServiceLog.Last(log, 1) is [var last] ? last : null);
        List<string> lines = [];
        if (problem is not null)
        {
            lines.Add($"last error: {problem}");
        }

        if (row.Service.Name == ServicePlan.Learner)
        {
            lines.AddRange(waiting.Select(run => $"waits: {run}"));
        }

        if (AdviceFor(row) is { } advice)
        {
            lines.Add($"what to do: {advice}");
        }

        foreach (var line in lines)
        {
            WriteWrapped(output, $"{row.Service.Name}: {line}");
        }
    }

    /// <summary>Breaks lines between words; what follows is indented.</summary>
    private static void WriteWrapped(TextWriter output, string text)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.TrimStart().Length > 0 && line.Length + 1 + word.Length > Width)
            {
                output.WriteLine(line);
                line = "   ";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        output.WriteLine(line);
    }

    private static string SinceOf(MarkedProcess marked)
    {
        try
        {
            using var process = Process.GetProcessById(marked.Pid);
            var start = process.StartTime;
            return start.ToString(start.Date == DateTime.Today ? "HH:mm:ss" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            return "-";
        }
    }
}
