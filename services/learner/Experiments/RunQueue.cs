using Rapid.Hosting;

namespace Rapid.Learner.Experiments;

/// <summary>
/// Which experiment runs next. Those go first that the end of a learner interrupted; then submitters take turns, and of each one's
/// experiments the one goes first that has waited longest. The one whose turn it is begins when there is room for it, and until then none
/// that comes after it does, so that a large one is not passed over for ever.
/// </summary>
/// <param name="options">How many may run at once, of all and of one submitter.</param>
/// <param name="cores">Of the machine.</param>
public sealed class RunQueue(ServiceOptions options, int cores)
{
    // Lives cut short in a row after which a run is trained alone: that it is the one that kills the learner is then found out without
    // the others, whose lives end with its own.
    private const int SuspiciousDeaths = 2;

    private readonly Lock _gate = new();
    private readonly ChangeSignal _changes = new();
    private readonly List<ExperimentRecord> _waiting = [];
    private readonly Dictionary<string, long> _turns = [];
    private long _turn;

    /// <summary>Ends when one is added from here on.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
            {
                return _changes.Next;
            }
        }
    }

    /// <summary>Adds one behind those that wait.</summary>
    public void Add(ExperimentRecord record)
    {
        lock (_gate)
        {
            _waiting.Add(record);
            _changes.Raise();
        }
    }

    /// <summary>Takes out the one whose turn it is, if it can begin now.</summary>
    /// <param name="running">Those that run.</param>
    public ExperimentRecord? TryTake(IReadOnlyCollection<ExperimentRecord> running)
    {
        ArgumentNullException.ThrowIfNull(running);
        lock (_gate)
        {
            _waiting.RemoveAll(record => record.IsOver);
            var next = _waiting
                // One that waits again may be here before its run has quite ended.
                .Where(record => !running.Contains(record)
                    && running.Count(other => other.Submitter == record.Submitter) < options.Limits.RunningPerSubmitter)
                .MinBy(record => (!record.WasInterrupted, _turns.GetValueOrDefault(record.Submitter)));
            if (next is null || !HasRoom(next, running))
            {
                return null;
            }

            next.IsSuspect = IsSuspicious(next);
            _waiting.Remove(next);
            _turns[next.Submitter] = ++_turn;
            return next;
        }
    }

    /// <summary>One alone always may run. Beside others it may when their threads have cores of their own.</summary>
    private bool HasRoom(ExperimentRecord next, IReadOnlyCollection<ExperimentRecord> running) => running.Count == 0
        || (running.Count < options.ParallelRuns
            && running.Append(next).Sum(record => record.Options.Learner.Threads) <= cores
            && !IsSuspicious(next)
            && !running.Any(record => record.IsSuspect && record.Directory.Deaths > 0));

    private static bool IsSuspicious(ExperimentRecord record) => record.Directory.Deaths >= SuspiciousDeaths;
}
