using Rapid.Core;

namespace Rapid.Environments.Languages;

/// <summary>Reads the values of a description's fields.</summary>
internal static class SourceFields
{
    /// <summary>How a message about a wrong name ends: what it was meant to be, and all there is.</summary>
    public static string Allowed(string name, IEnumerable<string> known, string separator = ", ")
    {
        var hint = NearestName.Hint(name, known);
        return $"{(hint.Length > 0 ? hint : ";")} allowed: {string.Join(separator, known)}";
    }

    /// <exception cref="SourceException">It is not a text.</exception>
    public static SourceSpan Text(SourceNode node) =>
        node is SourceNode.Value value ? value.At : throw node.At.Wrong(0, "a single value is expected here");

    /// <exception cref="SourceException">It is not a group of fields.</exception>
    public static SourceNode.Map Group(SourceNode node) =>
        node as SourceNode.Map ?? throw node.At.Wrong(0, "a group is expected here, such as { name: value }");

    /// <summary>The words of a text, or the items of a list, each with its place.</summary>
    public static IEnumerable<SourceSpan> Words(SourceNode node)
    {
        if (node is SourceNode.List list)
        {
            return list.Items.Select(Text);
        }

        var text = Text(node);
        var words = new List<SourceSpan>();
        for (var at = 0; at < text.Text.Length;)
        {
            var end = at;
            while (end < text.Text.Length && !char.IsWhiteSpace(text.Text[end]) && text.Text[end] != ',')
            {
                end++;
            }

            if (end > at)
            {
                var place = text.Wrong(at, "").Problem;
                words.Add(new SourceSpan(text.Text[at..end], place.Line, place.Column));
            }

            at = end + 1;
        }

        return words;
    }

    public static int Whole(SourceNode node, int least, int most) => Whole(Text(node), least, most);

    public static int Whole(SourceSpan text, int least, int most) =>
        NumberReader.TryReadWhole(text.Text, out var value) && value >= least && value <= most
            ? (int)value
            : throw text.Wrong(0, $"'{text.Text}' is not allowed here; allowed: whole numbers {least}..{most}");

    /// <summary>Index of the word that it is.</summary>
    public static int Choice(SourceNode node, params string[] words)
    {
        var text = Text(node);
        var index = Array.IndexOf(words, text.Text);
        return index >= 0 ? index : throw text.Wrong(0, $"'{text.Text}' is not allowed here; allowed: {string.Join(" or ", words)}");
    }
}
