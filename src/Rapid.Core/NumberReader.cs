using System.Globalization;
using System.Text.RegularExpressions;

namespace Rapid.Core;

/// <summary>
/// The one reader of numbers and flags that people write: in specs, options, descriptions, variables and on the command line. A comma is
/// never part of a number: where one stands for the decimal point, dropping it would make another number of it.
/// </summary>
public static partial class NumberReader
{
    /// <summary>Reads a finite number such as 12, -0.25, 1e-3 or 108_000.</summary>
    public static bool TryReadReal(string text, out double value)
    {
        value = 0;
        return Digits(text) is { } digits && double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value);
    }

    /// <summary>Reads a whole number, written in any way that a number is: 100000, 100_000, 1e5 and 100000.0 are one.</summary>
    public static bool TryReadWhole(string text, out decimal value)
    {
        value = 0;
        return Digits(text) is { } digits && decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && decimal.IsInteger(value)
            // 1e-40 is below what a decimal holds and reads as 0.
            && (value != 0 || (TryReadReal(text, out var real) && real == 0));
    }

    /// <summary>Reads true or false, capital letters or not.</summary>
    public static bool TryReadFlag(string text, out bool value)
    {
        ArgumentNullException.ThrowIfNull(text);
        var word = text.Trim();
        value = word.Equals("true", StringComparison.OrdinalIgnoreCase);
        return value || word.Equals("false", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A finite number.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static double ReadReal(string text) =>
        TryReadReal(text, out var value) ? value : throw new FormatException($"'{text}' is not a number{Hint(text)}");

    /// <summary>A whole number.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static decimal ReadWhole(string text) =>
        TryReadWhole(text, out var value) ? value : throw new FormatException($"'{text}' is not a whole number{Hint(text)}");

    /// <summary>What a message about a text that is no number adds when it has a decimal comma, else nothing.</summary>
    public static string Hint(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Contains(',', StringComparison.Ordinal) && TryReadReal(text.Replace(',', '.'), out _)
            ? $"; the decimal sign is a point: {text.Replace(',', '.')}"
            : "";
    }

    /// <summary>The number without underscores, or null if it is none.</summary>
    private static string? Digits(string text) =>
        Number().IsMatch(text) ? text.Replace("_", "", StringComparison.Ordinal) : null;

    [GeneratedRegex(@"^\s*[+-]?([0-9](_?[0-9])*(\.([0-9](_?[0-9])*)?)?|\.[0-9](_?[0-9])*)([eE][+-]?[0-9]+)?\s*\z")]
    private static partial Regex Number();
}
