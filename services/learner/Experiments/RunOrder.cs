using Rapid.Hosting;

namespace Rapid.Learner.Experiments;

/// <summary>
/// Which experiment runs next. Those go first that the end of a learner interrupted; then submitters take turns, and of each one's
/// experiments the one goes first that has waited longest. The one whose turn it is begins when there is room for it, and until then none
/// that comes after it does, so that a large one is not passed over for ever.
/// </summary>
/// <param name="options">How many may run at once, of all and of one submitter.</param>
/// <param name="cores">Of the machine.</param>
public sealed class RunOrder(ServiceOptions options, int cores)
{
    // Lives cut short in a row after which a run is trained alone: that it is the one that kills the learner is then found out without
    // the others, whose lives end with its own.
    private const int SuspiciousDeaths = 2;

    private readonly Dictionary<string, long> _turns = [];
    private long _turn;

    /// <summary>The one whose turn it is, if it can begin now.</summary>
    /// <param name="waiting">Those that wait, the one first that has waited longest.</param>
    /// <param name="running">Those that this learner runs.</param>
    /// <param name="elsewhere">Those that other learners run.</param>
    public ExperimentRecord? Next(
        IEnumerable<ExperimentRecord> waiting, IReadOnlyCollection<ExperimentRecord> running,
        IReadOnlyCollection<ExperimentRecord> elsewhere)
    {
        ArgumentNullException.ThrowIfNull(running);
        var next = waiting
            // One that waits again may be here before its run has quite ended.
            .Where(record => !running.Contains(record)
                && running.Concat(elsewhere).Count(other => other.Submitter == record.Submitter) < options.Limits.RunningPerSubmitter)
            .MinBy(record => (!record.WasInterrupted, _turns.GetValueOrDefault(record.Submitter)));
        return next is not null && HasRoom(next, running) ? next : null;
    }

    /// <summary>An experiment begins: it is the others' turn.</summary>
    public void Begins(ExperimentRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        record.IsSuspect = IsSuspicious(record);
        _turns[record.Submitter] = ++_turn;
    }

    /// <summary>One alone always may run. Beside others it may when their threads have cores of their own.</summary>
    private bool HasRoom(ExperimentRecord next, IReadOnlyCollection<ExperimentRecord> running) => running.Count == 0
        || (running.Count < options.ParallelRuns
            && running.Append(next).Sum(record => record.Options.Learner.Threads) <= cores
            && !IsSuspicious(next)
            && !running.Any(record => record.IsSuspect && record.Directory.Deaths > 0));

    private static bool IsSuspicious(ExperimentRecord record) => record.Directory.Deaths >= SuspiciousDeaths;
}
