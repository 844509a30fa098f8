using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Rapid.Cli.Supervision;

/// <summary>
/// Makes what runs what the plan says: starts what is missing, starts again what ended, stops what is wanted no more or has changed. It
/// keeps a second supervisor, which takes its place when it is killed; services that it finds running it takes over.
/// </summary>
internal sealed class Supervisor(StateFolder state)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250), StopTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(0.5), LongestWait = TimeSpan.FromSeconds(30);

    // One that has run for so long did not end because of how it was started.
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, Watched> _services = [];
    private Dictionary<string, ServiceHistory> _kept = [];
    private DateTime _planWritten;
    private ClusterPlan? _plan;

    /// <summary>Waits until no other supervisor works, then works until nothing shall run any more.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        FileStream? turn;
        while ((turn = TryLock()) is null)
        {
            if (ReadPlan() is { IsStopped: true })
            {
                return;
            }

            await Task.Delay(Interval, stop);
        }

        using (turn)
        {
            Say("supervises");
            foreach (var (name, history) in state.ReadHistory())
            {
                _services[name] = new Watched { History = history };
            }

            TakeOver(MarkedProcess.All(state));
            for (; ReadPlan() is { IsStopped: false } plan; await Task.Delay(Interval, stop))
            {
                try
                {
                    Do(plan);
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException or Win32Exception)
                {
                    // A full disk, for one, or a program that is not there: services go on, and what could not be done is tried again.
                    Say(error.Message);
                }
            }
        }
    }

    private void Do(ClusterPlan plan)
    {
        var wanted = ServicePlan.All(state, plan).Append(ServicePlan.ForSupervisor(state)).ToDictionary(service => service.Name);
        foreach (var (name, watched) in _services)
        {
            // One of its own it asks for its exit code, which is there a moment later.
            if (watched is { Process.IsAlive: false, Child: null or { HasExited: true } })
            {
                Bury(name, watched);
            }

            if (watched.Process is { } process && wanted.GetValueOrDefault(name)?.Fingerprint != process.Fingerprint)
            {
                Retire(name, watched);
            }
        }

        foreach (var service in wanted.Values)
        {
            var watched = _services.TryGetValue(service.Name, out var known) ? known : _services[service.Name] = new Watched();
            if (watched.Process is null && DateTime.UtcNow >= watched.NextStart)
            {
                Start(service, watched, plan);
            }
        }

        foreach (var name in _services.Where(pair => pair.Value.Process is null && !wanted.ContainsKey(pair.Key)).Select(pair => pair.Key))
        {
            _services.Remove(name);
        }

        KeepHistory();
    }

    private void Start(ServicePlan service, Watched watched, ClusterPlan plan)
    {
        var found = MarkedProcess.All(state).Where(process => process.Name == service.Name).ToList();
        if (found.Any(process => process.IsService))
        {
            TakeOver(found);
            return;
        }

        // What a killed service had started, a simulator for one, would run beside that of the new one.
        found.ForEach(process => process.Signal(MarkedProcess.Kill));
        if (watched.HasEnded)
        {
            watched.History = watched.History with { Restarts = watched.History.Restarts + 1 };
            watched.HasEnded = false;
        }

        // Until a start has succeeded there is nothing that could end, so that what is tried again waits here too.
        watched.Wait = Longer(watched.Wait);
        watched.NextStart = DateTime.UtcNow + watched.Wait;
        watched.Child = ServiceLauncher.Start(state, service, plan.Folder, keepsVariables: service.Name == ServicePlan.Supervisor);
        watched.Process = MarkedProcess.Find(watched.Child.Id, state);
        watched.HasEnded = watched.Process is null;
        watched.Started = DateTime.UtcNow;
        Say(string.Create(CultureInfo.InvariantCulture, $"started {service.Name} as {watched.Child.Id}"));
    }

    /// <summary>Watches services that another supervisor started; of two that are the same, the newer goes.</summary>
    private void TakeOver(IEnumerable<MarkedProcess> processes)
    {
        foreach (var process in processes.Where(process => process.IsService))
        {
            var watched = _services.TryGetValue(process.Name, out var known) ? known : _services[process.Name] = new Watched();
            if (watched.Process is not { IsAlive: true })
            {
                (watched.Process, watched.Child, watched.Started) = (process, null, DateTime.UtcNow);
                Say(string.Create(CultureInfo.InvariantCulture, $"took over {process.Name}, process {process.Pid}"));
            }
            else if (watched.Process.Pid != process.Pid)
            {
                process.Signal(MarkedProcess.Terminate);
            }
        }
    }

    private static void Bury(string name, Watched watched)
    {
        var end = EndOf(watched.Child);
        Say(string.Create(CultureInfo.InvariantCulture, $"{name}, process {watched.Process!.Pid}, {end}"));
        watched.Child?.Dispose();
        var isRetired = watched.RetiredAt is not null;
        (watched.Process, watched.Child, watched.RetiredAt) = (null, null, null);
        if (isRetired)
        {
            watched.NextStart = default;
            return;
        }

        watched.HasEnded = true;
        watched.History = watched.History with { LastEnd = end };
        var wasSteady = DateTime.UtcNow - watched.Started > Steady;
        watched.Wait = wasSteady ? ShortestWait : watched.Wait;
        watched.NextStart = DateTime.UtcNow + watched.Wait;
    }

    private static void Retire(string name, Watched watched)
    {
        if (watched.RetiredAt is null)
        {
            Say($"stops {name}");
            watched.RetiredAt = DateTime.UtcNow;
            watched.Process!.Signal(MarkedProcess.Terminate);
        }
        else if (DateTime.UtcNow - watched.RetiredAt > StopTime)
        {
            watched.Process!.Signal(MarkedProcess.Kill);
        }
    }

    private static TimeSpan Longer(TimeSpan wait) => wait == default ? ShortestWait : wait * 2 > LongestWait ? LongestWait : wait * 2;

    private static string EndOf(Process? child)
    {
        if (child is null)
        {
            return "ended";
        }

        // As shells say it.
        const int Signalled = 128;
        var (words, number) = child.ExitCode > Signalled
            ? ("was ended by signal", child.ExitCode - Signalled)
            : ("ended with exit code", child.ExitCode);
        return string.Create(CultureInfo.InvariantCulture, $"{words} {number}");
    }

    private FileStream? TryLock()
    {
        try
        {
            return new FileStream(state.SupervisorLock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The plan; the last one that could be read when it cannot be read now. After a new one nothing waits any longer.</summary>
    private ClusterPlan? ReadPlan()
    {
        var written = File.GetLastWriteTimeUtc(state.PlanFile);
        if (written != _planWritten && state.ReadPlan() is { } plan)
        {
            (_plan, _planWritten) = (plan, written);
            foreach (var watched in _services.Values)
            {
                (watched.Wait, watched.NextStart) = (default, default);
            }
        }

        return _plan;
    }

    private void KeepHistory()
    {
        var history = _services.ToDictionary(pair => pair.Key, pair => pair.Value.History);
        if (!_kept.SequenceEqual(history))
        {
            state.WriteHistory(history);
            _kept = history;
        }
    }

    private static void Say(string text) =>
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:HH:mm:ss} {text}"));

    /// <summary>One service.</summary>
    private sealed class Watched
    {
        public MarkedProcess? Process { get; set; }

        /// <summary>Its handle, when this supervisor has started it.</summary>
        public Process? Child { get; set; }

        public ServiceHistory History { get; set; } = new(0, null);

        public bool HasEnded { get; set; }

        public DateTime Started { get; set; }

        public DateTime NextStart { get; set; }

        public TimeSpan Wait { get; set; }

        public DateTime? RetiredAt { get; set; }
    }
}
