using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Publishing;

/// <summary>Scores that evaluators reported, each version once.</summary>
/// <param name="hasEvaluator">Whether anybody is enlisted to play.</param>
public sealed class EvaluationInbox(Func<bool> hasEvaluator)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly Queue<EvaluationReport> _reports = new();
    private readonly HashSet<long> _seen = [];

    /// <summary>Takes a report; false when this version was reported before.</summary>
    public bool Add(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        lock (_gate)
        {
            var isNew = _seen.Add(report.PolicyVersion);
            if (isNew)
            {
                _reports.Enqueue(report);
            }

            return isNew;
        }
    }

    /// <summary>The oldest report that was not taken yet.</summary>
    public bool TryTake([NotNullWhen(true)] out EvaluationReport? report)
    {
        lock (_gate)
        {
            return _reports.TryDequeue(out report);
        }
    }

    /// <summary>
    /// Waits until a version was reported; its report is then there to take. Gives up when no evaluator is enlisted for as long as the
    /// grace.
    /// </summary>
    /// <returns>Whether the report came.</returns>
    public async Task<bool> WaitAsync(long version, TimeSpan grace, CancellationToken cancellation)
    {
        var since = Stopwatch.GetTimestamp();
        while (!HasSeen(version))
        {
            if (hasEvaluator())
            {
                since = Stopwatch.GetTimestamp();
            }
            else if (Stopwatch.GetElapsedTime(since) > grace)
            {
                return false;
            }

            await Task.Delay(Poll, cancellation);
        }

        return true;
    }

    private bool HasSeen(long version)
    {
        lock (_gate)
        {
            return _seen.Contains(version);
        }
    }
}
