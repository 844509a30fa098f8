using System.Globalization;

namespace Rapid.Environments.MuJoCo;

/// <summary>The numbers between two ends, either of which may be infinite.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end, not below <paramref name="Low"/>.</param>
internal readonly record struct Interval(double Low, double High)
{
    /// <summary>Whether a number is between the ends or one of them.</summary>
    public bool Contains(double value) => value >= Low && value <= High;

    /// <summary>Whether a number is between the ends and none of them.</summary>
    public bool ContainsInside(double value) => value > Low && value < High;

    /// <summary>Reads "0.8 2", with a comma or in brackets if one likes; "inf" and "-inf" are numbers.</summary>
    public static bool TryParse(string text, out Interval interval)
    {
        interval = default;
        var numbers = text.Trim().Trim('(', ')', '[', ']').Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        if (numbers.Length != 2 || !TryParseEnd(numbers[0], out var low) || !TryParseEnd(numbers[1], out var high) || !(low <= high))
        {
            return false;
        }

        interval = new Interval(low, high);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Text(Low)} {Text(High)}";

    private static bool TryParseEnd(string text, out double value)
    {
        (var isKnown, value) = text switch
        {
            "inf" or "+inf" => (true, double.PositiveInfinity),
            "-inf" => (true, double.NegativeInfinity),
            _ => (double.TryParse(text, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number), number),
        };
        return isKnown;
    }

    private static string Text(double end) =>
        double.IsInfinity(end) ? (end > 0 ? "inf" : "-inf") : end.ToString(CultureInfo.InvariantCulture);
}
