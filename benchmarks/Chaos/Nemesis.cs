using System.Diagnostics;
using System.Globalization;

namespace Rapid.Benchmarks;

/// <summary>Does to a cluster what a schedule says, and makes it whole again.</summary>
internal sealed class Nemesis(ChaosCluster cluster, RunFollower runs, Recoveries recoveries, Health health, Action<string> say)
{
    // Above a policy in shared memory, below a checkpoint.
    private const long FullAt = 64 << 10;

    // 128 and SIGTERM.
    private const int EndedBySignal = 143;

    private readonly List<string> _problems = [];
    private readonly HashSet<string> _damaged = [];

    /// <summary>What processes did wrong when they were asked to end.</summary>
    public IReadOnlyList<string> Problems => _problems;

    private ClusterProcesses Processes => cluster.Processes;

    /// <summary>Lets time pass, watching.</summary>
    public async Task WaitAsync(TimeSpan time)
    {
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) is var passed && passed < time;)
        {
            health.Look();
            var left = time - passed;
            await Task.Delay(left < TimeSpan.FromMilliseconds(100) ? left : TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>Does one thing.</summary>
    public async Task DoAsync(Fault fault)
    {
        health.Look();
        recoveries.Overtake();
        var (isTraining, before, since) = (runs.IsTraining, runs.Furthest, Stopwatch.GetTimestamp());
        switch (fault.Kind)
        {
            case FaultKind.Kill or FaultKind.KillTwo or FaultKind.KillAll:
                await KillAsync(fault.Targets, () => { });
                break;
            case FaultKind.TornLog:
                await KillAsync(fault.Targets, () => TearLog((int)fault.Amount));
                break;
            case FaultKind.DamagedCheckpoint when Checkpoints()?.Count(path => !_damaged.Contains(path)) is not >= 2:
                // Without one before it a run could only fail.
                Skip(fault, "there are not two checkpoints");
                return;
            case FaultKind.DamagedCheckpoint:
                await KillAsync(fault.Targets, () => DamageCheckpoint(fault.Amount));
                break;
            case FaultKind.DamagedRunFile when runs.Newest is not { }:
                Skip(fault, "there is no run");
                return;
            case FaultKind.DamagedRunFile:
                await KillAsync(fault.Targets, () => say($"        {Damage.RunFile(runs.Newest!.Value.Folder.Path, fault.Amount)}"));
                break;
            case FaultKind.Stop or FaultKind.RollingRestart:
                if (fault.Kind == FaultKind.RollingRestart)
                {
                    cluster.ChangeVersion();
                }

                foreach (var process in fault.Targets)
                {
                    await StopAsync(process);
                }

                break;
            case FaultKind.ClockJump when cluster.Clock is null:
                Skip(fault, "clocks cannot be set without a C compiler");
                return;
            case FaultKind.Loss or FaultKind.Partition when cluster.Packets is null:
                Skip(fault, cluster.WhyNoPackets!);
                return;
            default:
                await LastAsync(fault);
                (isTraining, before, since) = (runs.IsTraining, runs.Furthest, Stopwatch.GetTimestamp());
                break;
        }

        recoveries.Await(fault, before, since, isTraining);
    }

    /// <summary>What is done for a while and then undone.</summary>
    private async Task LastAsync(Fault fault)
    {
        var processes = fault.Targets.Where(Processes.Running.ContainsKey).Select(name => Processes.Running[name]).ToList();
        var links = fault.Targets.Where(cluster.Links.ContainsKey).Select(name => cluster.Links[name]).ToList();
        switch (fault.Kind)
        {
            case FaultKind.Freeze:
                processes.ForEach(process => process.Freeze());
                break;
            case FaultKind.ReplayWithoutLearner:
                Processes.Running["learner"].Freeze();
                await Processes.RestartAsync(fault.Targets[0]);
                break;
            case FaultKind.Cut:
                links.ForEach(link => link.Cut());
                break;
            case FaultKind.Stall:
                links.ForEach(link => link.Stall());
                break;
            case FaultKind.Silence:
                links.ForEach(link => link.Silence());
                break;
            case FaultKind.HalfClose:
                links.ForEach(link => link.HalfClose());
                break;
            case FaultKind.Delay:
                links.ForEach(link => link.Delay(TimeSpan.FromMilliseconds(fault.Amount)));
                break;
            case FaultKind.Throttle:
                links.ForEach(link => link.Throttle(fault.Amount));
                break;
            case FaultKind.Loss or FaultKind.Partition:
                await cluster.Packets!.LoseAsync(links.Select(link => link.Port), fault.Amount);
                break;
            case FaultKind.FullDisk:
                NoteFloor();
                processes.ForEach(process => process.LimitFiles(FullAt));
                break;
            case FaultKind.ClockJump:
                cluster.Clock!.Set(fault.Targets[0], fault.Amount);
                break;
        }

        await WaitAsync(fault.Duration);
        links.ForEach(link => link.Heal());
        switch (fault.Kind)
        {
            case FaultKind.Freeze:
                processes.ForEach(process => process.Continue());
                break;
            case FaultKind.ReplayWithoutLearner:
                Processes.Running["learner"].Continue();
                break;
            case FaultKind.Loss or FaultKind.Partition:
                await cluster.Packets!.HealAsync();
                break;
            case FaultKind.FullDisk:
                processes.ForEach(process => process.LimitFiles(null));
                break;
            case FaultKind.ClockJump:
                cluster.Clock!.Set(fault.Targets[0], 0);
                break;
        }
    }

    /// <summary>Kills all of them, then does something to what they left, then starts them again.</summary>
    private async Task KillAsync(IReadOnlyCollection<string> names, Action meanwhile)
    {
        await Processes.KillAsync(names);
        meanwhile();
        if (names.Contains("learner"))
        {
            NoteFloor();
        }

        foreach (var name in Places.Processes.Where(names.Contains))
        {
            Processes.Start(name);
        }
    }

    private async Task StopAsync(string name)
    {
        var began = Stopwatch.GetTimestamp();
        var process = Processes.Running[name];
        var exitCode = await Processes.StopAsync(name);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        say(string.Create(CultureInfo.InvariantCulture, $"        {name} ended {seconds:F1} s after SIGTERM"));
        // Whoever has only just begun is ended by the system: nobody listens to signals yet.
        if (exitCode != 0 && !(exitCode == EndedBySignal && !process.Output.Contains("listening on", StringComparison.Ordinal)))
        {
            _problems.Add($"{name} ended with exit code {exitCode} after SIGTERM");
        }

        if (name == "learner")
        {
            NoteFloor();
        }

        Processes.Start(name);
        await WaitAsync(TimeSpan.FromSeconds(0.2));
    }

    private void Skip(Fault fault, string why)
    {
        recoveries.Skip(fault, why);
        say($"        left out: {why}");
    }

    private void NoteFloor() =>
        runs.NoteFloor(Checkpoints()?.LastOrDefault(path => !_damaged.Contains(path)) is { } newest ? Damage.StepOf(newest) : 0);

    private void DamageCheckpoint(long which)
    {
        var newest = Checkpoints()![^1];
        Damage.Checkpoint(newest, which);
        _damaged.Add(newest);
    }

    /// <summary>Folders of the checkpoints of the run that is trained, the newest last; null without a run.</summary>
    private string[]? Checkpoints() => runs.Newest is { } run && Directory.Exists(Path.Combine(run.Folder.Path, "checkpoints"))
        ? [.. run.Folder.Checkpoints.Select(name => Path.Combine(run.Folder.Path, "checkpoints", name))]
        : null;

    /// <summary>As if Redis had died in the middle of a write.</summary>
    private void TearLog(int bytes)
    {
        var log = Directory.GetFiles(Processes.RedisLogs, "*.incr.aof").Max(StringComparer.Ordinal)!;
        using var file = new FileStream(log, FileMode.Append);
        file.Write("*3\r\n$3\r\nSET\r\n$18\r\na-key-of-the-chaos\r\n$9\r\n"u8[..bytes]);
    }
}
