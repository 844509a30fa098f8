using System.CommandLine;
using System.Diagnostics;
using Rapid.Cli.Supervision;
using Rapid.Cli.Terminal;
using Rapid.Hosting;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid up</c>: runs every service on this machine, and leaves a supervisor behind that keeps it so.</summary>
internal static class UpCommand
{
    private const int MostActors = 1000, LogLines = 10, MostRestarts = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90), Interval = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var actors = NumberOption.Create("--actors", "Number of actors (default: as before, at first the cores but one)", 1, MostActors);
        var replays = NumberOption.Create(
            "--replays", "Number of replay services (default: as before, at first one)", 1, ServiceKeys.Databases);
        var noRedis = new Option<bool?>("--no-redis")
        {
            Description = "Without Redis: what replay services hold ends with them; '--no-redis false' takes it back (default: as before)",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "true|false",
        };
        var state = StateOption.Create();
        var command = new Command("up", "Run all services on this machine, in the background; 'rapid down' stops them")
        {
            actors, replays, noRedis, state,
        };
        command.SetBody(async (result, signals) =>
        {
            // The option alone, without a value, reads as null.
            bool? redis = result.GetResult(noRedis) is null ? null : result.GetValue(noRedis) is false;
            var folder = StateFolder.Locate(result.GetValue(state));
            var plan = ClusterPlan.Next(folder.ReadPlan(), result.GetValue(actors), result.GetValue(replays), redis);
            CheckRedis(plan);
            folder.Create();
            using var turn = folder.TakeTurn();
            var before = MarkedProcess.All(folder);
            CheckPorts(folder, plan, before);
            ServiceKeys.Make(folder, plan.Replays.Count);
            folder.WritePlan(plan);
            await SuperviseAsync(folder, signals.Stop);
            return await WaitAsync(folder, plan, before, signals.Stop);
        });
        return command;
    }

    private static void CheckRedis(ClusterPlan plan)
    {
        const string Program = "redis-server";
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (plan.Redis && !folders.Any(folder => File.Exists(Path.Combine(folder, Program))))
        {
            throw new CliException(
                $"{Program} is not on the PATH; install it (sudo apt-get install -y --no-install-recommends redis-server), "
                + "or run 'rapid up --no-redis': what replay services hold then ends with them", ExitCode.BadInput);
        }
    }

    private static void CheckPorts(StateFolder state, ClusterPlan plan, IReadOnlyList<MarkedProcess> own)
    {
        var problems = new List<string>();
        foreach (var service in ServicePlan.All(state, plan))
        {
            if (service.Address is { } address && TakenPort.Find(address) is { } taken && !own.Any(process => process.Pid == taken.Pid))
            {
                var variable = service.Name == ServicePlan.Learner ? "RAPID_LEARNER" : "RAPID_REPLAY";
                problems.Add($"{service.Name}: {taken}; stop that, or give {service.Name} another address with {variable}");
            }
        }

        if (problems.Count > 0)
        {
            throw new ConfigurationException(problems);
        }
    }

    /// <summary>Leaves a supervisor of this build behind.</summary>
    private static async Task SuperviseAsync(StateFolder state, CancellationToken cancellation)
    {
        var supervisor = ServicePlan.ForSupervisor(state);
        await ClusterStop.StopSupervisorsAsync(state, process => process.Fingerprint != supervisor.Fingerprint, cancellation);
        if (!MarkedProcess.All(state).Any(process => process is { Name: ServicePlan.Supervisor, IsService: true }))
        {
            ServiceLauncher.Start(state, supervisor, Environment.CurrentDirectory, keepsVariables: true).Dispose();
        }
    }

    private static async Task<int> WaitAsync(
        StateFolder state, ClusterPlan plan, IReadOnlyList<MarkedProcess> before, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var restarts = state.ReadHistory();
        while (true)
        {
            var report = await ClusterReport.LookAsync(state, plan, cancellation);
            var wanted = report.Rows.Select(row => row.Service.Name).ToHashSet();
            var isDone = report.IsWell && MarkedProcess.All(state).All(process => wanted.Contains(process.Name));
            var isHopeless = report.Rows.Any(row => row is { Process: null, Service.Name: not ServicePlan.Supervisor }
                && row.History.Restarts - (restarts.GetValueOrDefault(row.Service.Name)?.Restarts ?? 0) >= MostRestarts);
            if (isDone || isHopeless || clock.Elapsed > Patience)
            {
                await ConcludeAsync(state, report, before, cancellation);
                return isDone ? ExitCode.Success : ExitCode.Failure;
            }

            await Task.Delay(Interval, cancellation);
        }
    }

    private static async Task ConcludeAsync(
        StateFolder state, ClusterReport report, IReadOnlyList<MarkedProcess> before, CancellationToken cancellation)
    {
        var started = report.Rows.Where(row => row.Process is { } process && !before.Contains(process)).Select(row => row.Service.Name);
        var names = report.Rows.Select(row => row.Service.Name).ToHashSet();
        var stopped = before.Where(process => process.IsService && !names.Contains(process.Name)).Select(process => process.Name);
        Say("started", started);
        Say("stopped", stopped);
        await report.WriteAsync(Console.Out, isStart: true, cancellation);
        foreach (var row in report.Rows.Where(row => !row.IsWell))
        {
            var log = state.LogOf(row.Service.Name);
            var ends = row.History.LastEnd is { } end ? $", it {end}" : "";
            await Console.Error.WriteLineAsync($"{row.Service.Name} is not healthy ({row.Health}{ends}); the last lines of {log}:");
            foreach (var line in ServiceLog.Last(log, LogLines))
            {
                await Console.Error.WriteLineAsync($"  {line}");
            }
        }
    }

    private static void Say(string what, IEnumerable<string> names)
    {
        if (names.ToList() is { Count: > 0 } list)
        {
            Console.Out.WriteLine($"{what}: {string.Join(", ", list)}");
        }
    }
}
