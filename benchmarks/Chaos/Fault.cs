using System.Globalization;

namespace Rapid.Benchmarks;

/// <summary>What can be done to a cluster.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL of one process, which is started again at once.</summary>
    Kill,

    /// <summary>SIGKILL of two at the same moment.</summary>
    KillTwo,

    /// <summary>SIGKILL of every process.</summary>
    KillAll,

    /// <summary>SIGSTOP, and SIGCONT after a while.</summary>
    Freeze,

    /// <summary>SIGTERM, and a new one when it has ended.</summary>
    Stop,

    /// <summary>SIGTERM and a new one, process by process, of the other version where there are two.</summary>
    RollingRestart,

    /// <summary>SIGKILL of Redis, whose file then ends in half a command.</summary>
    TornLog,

    /// <summary>A replay service is killed and comes back while its learner stands still.</summary>
    ReplayWithoutLearner,

    /// <summary>Connections are reset, and new ones too for a while.</summary>
    Cut,

    /// <summary>Nothing passes for a while; what was sent arrives afterwards.</summary>
    Stall,

    /// <summary>What was sent on the connections that there are never arrives, and nobody is told; new connections work.</summary>
    Silence,

    /// <summary>Everything takes longer for a while.</summary>
    Delay,

    /// <summary>Little passes in a second for a while.</summary>
    Throttle,

    /// <summary>Some of the packets are lost for a while.</summary>
    Loss,

    /// <summary>All packets are lost for a while, also those of connections to come.</summary>
    Partition,

    /// <summary>Servers seem to have hung up; what clients send still arrives.</summary>
    HalfClose,

    /// <summary>The learner can write no file of a checkpoint's size for a while.</summary>
    FullDisk,

    /// <summary>The learner is killed, and its newest checkpoint has other bytes when it comes back.</summary>
    DamagedCheckpoint,

    /// <summary>The learner is killed, and another file of its run has other bytes when it comes back.</summary>
    DamagedRunFile,

    /// <summary>The clock of one process is another for a while.</summary>
    ClockJump,
}

/// <summary>Something that is done to a cluster.</summary>
/// <param name="At">When, from the start.</param>
/// <param name="Kind">What.</param>
/// <param name="Targets">To which processes or links.</param>
/// <param name="Duration">For how long, where it lasts.</param>
/// <param name="Amount">Milliseconds of a delay, bytes a second of a throttle, lost ones of a hundred packets, seconds of a jump, which
/// file or byte of a damage.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, IReadOnlyList<string> Targets, TimeSpan Duration, long Amount)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{At.TotalSeconds,6:F1} s  {Kind}{(Kind is FaultKind.KillAll or FaultKind.RollingRestart ? "" : $" {string.Join(", ", Targets)}")}"
            + $"{(Duration > TimeSpan.Zero ? $" for {Duration.TotalSeconds:F1} s" : "")}{AmountText}");

    private string AmountText => Kind switch
    {
        FaultKind.Delay => $", {Amount} ms",
        FaultKind.Throttle => $", {Amount} bytes/s",
        FaultKind.Loss => $", {Amount} %",
        FaultKind.ClockJump => $", {Amount} s",
        _ => "",
    };
}
