using System.Diagnostics;

namespace Rapid.Benchmarks;

/// <summary>What became of a fault.</summary>
/// <param name="Fault">What was done.</param>
/// <param name="Seconds">From its end, of a kill from the kill, until training had come further than when it was done; null while that is
/// awaited, or where there was nothing to train.</param>
/// <param name="IsClean">Whether no other fault came before that.</param>
/// <param name="Note">Why it was left out; null when it was done.</param>
internal sealed record Outcome(Fault Fault, double? Seconds, bool IsClean, string? Note);

/// <summary>Measures how long it takes until training goes on.</summary>
internal sealed class Recoveries
{
    private readonly Lock _gate = new();
    private readonly List<Outcome> _outcomes = [];
    private readonly List<(int Index, Progress Before, long Since)> _awaited = [];

    /// <summary>Everything so far.</summary>
    public IReadOnlyList<Outcome> Outcomes
    {
        get
        {
            lock (_gate)
            {
                return [.. _outcomes];
            }
        }
    }

    /// <summary>A fault comes: what was not recovered from by now is not measured alone.</summary>
    public void Overtake()
    {
        lock (_gate)
        {
            foreach (var (index, _, _) in _awaited)
            {
                _outcomes[index] = _outcomes[index] with { IsClean = false };
            }
        }
    }

    /// <summary>A fault was left out.</summary>
    public void Skip(Fault fault, string why)
    {
        lock (_gate)
        {
            _outcomes.Add(new Outcome(fault, null, IsClean: false, why));
        }
    }

    /// <summary>A fault was done: time runs.</summary>
    /// <param name="fault">Which.</param>
    /// <param name="before">How far training had come.</param>
    /// <param name="since">Time stamp of the beginning.</param>
    /// <param name="isTraining">Whether there was an update to wait for.</param>
    public void Await(Fault fault, Progress before, long since, bool isTraining)
    {
        lock (_gate)
        {
            _outcomes.Add(new Outcome(fault, null, isTraining, null));
            if (isTraining)
            {
                _awaited.Add((_outcomes.Count - 1, before, since));
            }
        }
    }

    /// <summary>Training has come so far.</summary>
    public void OnAdvance(Progress progress)
    {
        lock (_gate)
        {
            foreach (var (index, _, since) in _awaited.Where(entry => progress.CompareTo(entry.Before) > 0))
            {
                _outcomes[index] = _outcomes[index] with { Seconds = Stopwatch.GetElapsedTime(since).TotalSeconds };
            }

            _awaited.RemoveAll(entry => progress.CompareTo(entry.Before) > 0);
        }
    }
}
