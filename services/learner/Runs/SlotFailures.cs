namespace Rapid.Learner.Runs;

/// <summary>Slots that fail again and again. A run goes on while one of them works; when all fail at the same time it never will.</summary>
/// <param name="slots">Slots of the run.</param>
/// <param name="time">When a report came.</param>
public sealed class SlotFailures(int slots, TimeProvider time)
{
    /// <summary>Failures of a slot without a block in between: fewer are bad moments.</summary>
    public const int InARow = 3;

    private const int LongestReason = 1000;

    // A slot that fails is started again every few seconds; one that says nothing for so long works.
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Dictionary<uint, long> _failing = [];

    /// <summary>Takes a report.</summary>
    /// <returns>Why the run cannot go on, or null.</returns>
    public string? Add(uint slot, uint failures, string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (failures < InARow)
        {
            return null;
        }

        lock (_gate)
        {
            _failing[slot] = time.GetTimestamp();
            return _failing.Count == slots && _failing.Values.All(since => time.GetElapsedTime(since) < Freshness)
                ? $"every actor fails again and again: {reason[..Math.Min(reason.Length, LongestReason)]}"
                : null;
        }
    }
}
