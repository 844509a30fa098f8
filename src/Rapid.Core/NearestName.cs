namespace Rapid.Core;

/// <summary>Finds what a mistyped name was meant to be.</summary>
public static class NearestName
{
    // Who sends a name decides how long it is, and the known names may be many: what a hint may cost is fixed.
    private const int LongestName = 100, MostCompared = 1000;

    /// <summary>The known name with the fewest edits, if it is near enough to be meant; else null. Long names are not meant.</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(known);
        if (name.Length > LongestName)
        {
            return null;
        }

        // As many edits as the lengths differ are needed at least.
        var near = known.Where(candidate => candidate.Length <= LongestName
            && Math.Abs(candidate.Length - name.Length) <= MostEdits(candidate)).Take(MostCompared);
        var best = near.Select(candidate => (candidate, distance: Distance(name, candidate)))
            .OrderBy(pair => pair.distance)
            .FirstOrDefault();
        return best.candidate is not null && best.distance <= MostEdits(best.candidate) ? best.candidate : null;
    }

    /// <summary>"; did you mean 'x'?" or nothing.</summary>
    public static string Hint(string name, IEnumerable<string> known) =>
        Find(name, known) is { } nearest ? $"; did you mean '{nearest}'?" : "";

    /// <summary>Insertions, deletions, substitutions and neighbour swaps, ignoring case (restricted Damerau-Levenshtein).</summary>
    internal static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            d[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            d[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }

    private static int MostEdits(string known) => Math.Max(2, known.Length / 3);

    private static bool Same(char x, char y) => char.ToLowerInvariant(x) == char.ToLowerInvariant(y);
}
