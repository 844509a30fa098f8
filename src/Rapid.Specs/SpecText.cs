using System.Globalization;
using System.Text;
using Rapid.Core;

namespace Rapid.Specs;

/// <summary>Names and values of a spec as text.</summary>
internal static class SpecText
{
    private const int LongestShown = 80;

    /// <summary>Path of a field of a group; the group of the whole spec is "".</summary>
    public static string Join(string group, string field) => group.Length == 0 ? Shorten(field) : $"{group}.{Shorten(field)}";

    /// <summary>Text for a message, which must fit the headers of an RPC whatever somebody wrote into a spec.</summary>
    public static string Shorten(string text) => text.Length <= LongestShown ? text : $"{text[..LongestShown]}...";

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

    /// <summary>
    /// "; did you mean 'x'?", or what to say when no known name is near. A text much longer than a name is no mistyped one.
    /// </summary>
    public static string Hint(string text, IEnumerable<string> known, string otherwise = "") =>
        text.Length <= LongestShown && NearestName.Hint(text, known) is { Length: > 0 } hint ? hint : otherwise;
}
