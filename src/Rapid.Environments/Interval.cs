using System.Globalization;
using System.Text.RegularExpressions;
using Rapid.Core;

namespace Rapid.Environments;

/// <summary>The numbers between two ends, either of which may be infinite.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end, not below <paramref name="Low"/>.</param>
internal readonly partial record struct Interval(double Low, double High)
{
    /// <summary>Whether a number is between the ends or one of them.</summary>
    public bool Contains(double value) => value >= Low && value <= High;

    /// <summary>Whether a number is between the ends and none of them.</summary>
    public bool ContainsInside(double value) => value > Low && value < High;

    /// <summary>
    /// Reads "0.8 2", "0.8, 2" or either in brackets; "inf" and "-inf" are numbers. Without brackets a comma ends at a blank: "0,2" is a decimal
    /// comma as likely as a pair.
    /// </summary>
    public static bool TryParse(string text, out Interval interval)
    {
        interval = default;
        if (Pair().Match(text) is not { Success: true } pair || !TryReadEnd(pair.Groups["low"].Value, out var low)
            || !TryReadEnd(pair.Groups["high"].Value, out var high) || low > high)
        {
            return false;
        }

        interval = new Interval(low, high);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Text(Low)} {Text(High)}";

    private static bool TryReadEnd(string text, out double value)
    {
        (var isKnown, value) = text switch
        {
            "inf" or "+inf" => (true, double.PositiveInfinity),
            "-inf" => (true, double.NegativeInfinity),
            _ => (NumberReader.TryReadReal(text, out var number), number),
        };
        return isKnown;
    }

    private static string Text(double end) =>
        double.IsInfinity(end) ? (end > 0 ? "inf" : "-inf") : end.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(
        """
        ^\s*(
        (?<low>[^\s,()[\]]+) (\s+|\s*,\s+) (?<high>[^\s,()[\]]+)
        | \( \s* (?<low>[^\s,()[\]]+) (\s+|\s*,\s*) (?<high>[^\s,()[\]]+) \s* \)
        | \[ \s* (?<low>[^\s,()[\]]+) (\s+|\s*,\s*) (?<high>[^\s,()[\]]+) \s* \]
        )\s*\z
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Pair();
}
