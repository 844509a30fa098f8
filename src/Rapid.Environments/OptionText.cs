using System.Globalization;
using Rapid.Core;

namespace Rapid.Environments;

/// <summary>Values of an environment's options as people write them, and in one form for whoever makes the environment.</summary>
internal static class OptionText
{
    /// <summary>Options in the form that any parser reads alike: whole numbers as digits, flags as true or false.</summary>
    /// <param name="info">Knows what its options take.</param>
    /// <param name="options">Values that all fit.</param>
    public static Dictionary<string, string> Normalize(EnvironmentInfo info, IReadOnlyDictionary<string, string> options) =>
        options.ToDictionary(option => option.Key, option => Normalize(option.Value, info.Options[option.Key])!);

    /// <summary>What a text says that an option takes, without what it is for.</summary>
    public static string KindOf(string takes) => takes.Split(':', '(')[0].Trim();

    /// <summary>
    /// A value in that form, or null when it is not what an option takes: one of a few words ("this, that or another"), a whole number, two
    /// numbers, a text, or a number.
    /// </summary>
    public static string? Normalize(string value, string takes)
    {
        var words = KindOf(takes);
        return words.Contains(" or ", StringComparison.Ordinal) ? Choice(value, words.Split([", ", " or "], StringSplitOptions.None))
            : words.StartsWith("a whole number", StringComparison.Ordinal) ? Whole(value)
            : words.StartsWith("two numbers", StringComparison.Ordinal)
                ? Interval.TryParse(value, out var interval) ? interval.ToString() : null
            : words is "a path" or "a body" ? (value.Trim().Length > 0 ? value : null)
            : NumberReader.TryReadReal(value, out var real) ? real.ToString("R", CultureInfo.InvariantCulture)
            : null;
    }

    private static string? Choice(string value, string[] words) =>
        Array.Find(words, word => string.Equals(value.Trim(), word, StringComparison.OrdinalIgnoreCase));

    private static string? Whole(string value) =>
        NumberReader.TryReadWhole(value, out var whole) && Math.Abs(whole) <= long.MaxValue
            ? ((long)whole).ToString(CultureInfo.InvariantCulture)
            : null;
}
