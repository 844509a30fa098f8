using System.Globalization;
using System.Text;

namespace Rapid.Protocol.Specs;

/// <summary>Names and values of a spec as text.</summary>
internal static class SpecText
{
    /// <summary>"LearningRate" as "learning_rate".</summary>
    public static string SnakeCase(string name)
    {
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsUpper(name[i]) && i > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }

    /// <summary>A value so that it reads back equal.</summary>
    public static string Of(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        Enum choice => SnakeCase(choice.ToString()),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>A whole number: digits with or without underscores, or an exact one in scientific notation such as 1e6.</summary>
    public static bool TryParseWhole(string text, out decimal value) =>
        decimal.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out value)
        && decimal.IsInteger(value);

    /// <summary>A finite real number.</summary>
    public static bool TryParseReal(string text, out double value) =>
        double.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out value)
        && double.IsFinite(value);
}
