using Microsoft.Extensions.Logging;
using Rapid.Environments;

namespace Rapid.Actor;

/// <summary>
/// Says why environments break: a kind of reason in full when it is new, and again when it has come ten, a hundred, a thousand times, so
/// that an environment that always breaks fills no log. Reasons that differ in numbers alone are of one kind. Thread-safe.
/// </summary>
/// <param name="environment">Its name.</param>
/// <param name="logger">Where it is said.</param>
internal sealed class BreakdownLog(string environment, ILogger logger)
{
    // An environment of the user's may have a new reason for every step; those beyond this number are counted as one kind.
    private const int MostKinds = 50;
    private const string OtherKinds = "";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _counts = [];

    /// <summary>Counts and, where it is due, says.</summary>
    /// <param name="slot">Whose environments.</param>
    /// <param name="breakdowns">What broke.</param>
    public void Add(uint slot, IReadOnlyList<Breakdown> breakdowns)
    {
        foreach (var (index, reason) in breakdowns)
        {
            var count = Count(reason);
            if (IsPowerOfTen(count))
            {
                logger.LogWarning(
                    "{Environment} broke and its episode is cut, not learned from: {Reason} "
                        + "(environment {Index} of slot {Slot}; {Count} alike)",
                    environment, reason, index, slot, count);
            }
        }
    }

    private long Count(string reason)
    {
        var kind = string.Concat(reason.Where(character => !char.IsAsciiDigit(character)));
        lock (_lock)
        {
            kind = _counts.ContainsKey(kind) || _counts.Count < MostKinds ? kind : OtherKinds;
            return _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        }
    }

    private static bool IsPowerOfTen(long count)
    {
        while (count % 10 == 0)
        {
            count /= 10;
        }

        return count == 1;
    }
}
