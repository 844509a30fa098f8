namespace Rapid.Learner.Replay;

/// <summary>
/// Smooth weighted round robin: turns in proportion to weights, each party's as evenly spread as can be, so that at every moment each has
/// had its part to within some turns. Not thread-safe.
/// </summary>
/// <param name="parties">How many take turns.</param>
internal sealed class Turns(int parties)
{
    private readonly double[] _due = new double[parties];

    /// <summary>Whose turn it is.</summary>
    /// <param name="weight">Of a party, now; one of weight 0 is left out and owed nothing for it.</param>
    /// <returns>-1 when all are left out.</returns>
    public int Next(Func<int, double> weight)
    {
        var (chosen, total) = (-1, 0.0);
        for (var party = 0; party < _due.Length; party++)
        {
            if (weight(party) is > 0 and var part)
            {
                _due[party] += part;
                total += part;
                chosen = chosen < 0 || _due[party] > _due[chosen] ? party : chosen;
            }
        }

        if (chosen >= 0)
        {
            _due[chosen] -= total;
        }

        return chosen;
    }
}
