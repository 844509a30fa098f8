using System.Diagnostics;

namespace Rapid.Cli.Supervision;

/// <summary>Ends everything that runs from a state folder.</summary>
internal static class ClusterStop
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50), SupervisorTime = TimeSpan.FromSeconds(2);

    // Who sends goes before who takes: workers, the learner, whose checkpoint may take ten seconds, tables, and Redis. Each until, from
    // the beginning, when the next are asked all the same; what is left at the end is killed.
    private static readonly (string[] Kinds, TimeSpan Until)[] Stages =
    [
        (["actor", "evaluator"], TimeSpan.FromSeconds(3)),
        ([ServicePlan.Learner], TimeSpan.FromSeconds(12.5)),
        (["replay"], TimeSpan.FromSeconds(14)),
        ([ServicePlan.Redis], TimeSpan.FromSeconds(15)),
    ];

    /// <summary>Stops all, in an order that loses nothing, in at most fifteen seconds.</summary>
    /// <returns>The services that ran, in the order in which they were asked, and whether each had to be killed.</returns>
    public static async Task<IReadOnlyList<(MarkedProcess Process, bool WasKilled)>> StopAsync(
        StateFolder state, CancellationToken cancellation)
    {
        if (state.ReadPlan() is { } plan)
        {
            // A supervisor that reads this starts nothing any more.
            state.WritePlan(plan with { IsStopped = true });
        }

        var clock = Stopwatch.StartNew();
        await StopSupervisorsAsync(state, _ => true, cancellation);
        var asked = new List<MarkedProcess>();
        foreach (var (kinds, until) in Stages)
        {
            var stage = MarkedProcess.All(state)
                .Where(process => process.IsService && kinds.Contains(ServicePlan.KindOf(process.Name)))
                .ToList();
            stage.ForEach(process => process.Signal(MarkedProcess.Terminate));
            asked.AddRange(stage);
            while (clock.Elapsed < until && stage.Exists(process => process.IsAlive))
            {
                await Task.Delay(Interval, cancellation);
            }
        }

        var killed = asked.Where(process => process.IsAlive).ToHashSet();

        // With what services have started themselves, and did not end.
        for (var rest = MarkedProcess.All(state); rest.Count > 0; rest = MarkedProcess.All(state))
        {
            foreach (var process in rest)
            {
                process.Signal(MarkedProcess.Kill);
            }

            await Task.Delay(Interval, cancellation);
        }

        if (Directory.Exists(state.In("sockets")))
        {
            foreach (var socket in Directory.EnumerateFiles(state.In("sockets")))
            {
                File.Delete(socket);
            }
        }

        File.Delete(state.HistoryFile);
        return [.. asked.Select(process => (process, killed.Contains(process)))];
    }

    /// <summary>Ends supervisors; their services run on.</summary>
    /// <param name="state">Whose.</param>
    /// <param name="isMeant">Which of them.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task StopSupervisorsAsync(StateFolder state, Predicate<MarkedProcess> isMeant, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();

        // One that ends last may just have started another.
        for (var running = Meant(); running.Count > 0; running = Meant())
        {
            var signal = clock.Elapsed < SupervisorTime ? MarkedProcess.Terminate : MarkedProcess.Kill;
            running.ForEach(process => process.Signal(signal));
            await Task.Delay(Interval, cancellation);
        }

        List<MarkedProcess> Meant() =>
            [.. MarkedProcess.All(state).Where(process => process.Name == ServicePlan.Supervisor && isMeant(process))];
    }
}
