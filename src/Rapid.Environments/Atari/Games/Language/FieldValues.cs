using System.Globalization;

namespace Rapid.Environments.Atari.Games;

/// <summary>Reads the values of a game's fields.</summary>
internal static class FieldValues
{
    private const int MostNumbers = 4096, MostFrames = 100_000;

    /// <summary>0..17.</summary>
    public static IReadOnlyList<int> AllActions { get; } = [.. Enumerable.Range(0, ActionNames.All.Count)];

    /// <summary>How a message about a wrong name ends: what it was meant to be, and all there is.</summary>
    public static string Allowed(string name, IEnumerable<string> known, string separator = ", ")
    {
        var hint = NearestName.Hint(name, known);
        return $"{(hint.Length > 0 ? hint : ";")} allowed: {string.Join(separator, known)}";
    }

    /// <exception cref="SourceException">It is not a text.</exception>
    public static SourceSpan Text(GameNode node) =>
        node is GameNode.Value value ? value.At : throw node.At.Wrong(0, "a single value is expected here");

    /// <exception cref="SourceException">It is not a group of fields.</exception>
    public static GameNode.Map Group(GameNode node) =>
        node as GameNode.Map ?? throw node.At.Wrong(0, "a group is expected here, such as { lives: 3 }");

    /// <summary>The words of a text, or the items of a list, each with its place.</summary>
    public static IEnumerable<SourceSpan> Words(GameNode node)
    {
        if (node is GameNode.List list)
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

    public static int Whole(GameNode node, int least, int most) => Whole(Text(node), least, most);

    /// <summary>Ascending numbers, from words such as 0..7 16.</summary>
    public static IReadOnlyList<int> Numbers(GameNode node, int most)
    {
        var numbers = new SortedSet<int>();
        foreach (var word in Words(node))
        {
            var dots = word.Text.IndexOf("..", StringComparison.Ordinal);
            var first = Whole(dots < 0 ? word : word with { Text = word.Text[..dots] }, 0, most);
            var last = dots < 0 ? first : Whole(word with { Text = word.Text[(dots + 2)..] }, 0, most);
            if (last < first || last - first >= MostNumbers)
            {
                throw word.Wrong(0, $"'{word.Text}' is no range; allowed: the smaller number first, at most {MostNumbers} numbers");
            }

            numbers.UnionWith(Enumerable.Range(first, last - first + 1));
        }

        return numbers.Count is > 0 and <= MostNumbers
            ? [.. numbers]
            : throw node.At.Wrong(0, $"numbers are expected here, such as 0..7 16, at most {MostNumbers}");
    }

    /// <summary>"all", or names of actions; ascending.</summary>
    public static IReadOnlyList<int> Actions(GameNode node)
    {
        var words = Words(node).ToList();
        if (words is [{ Text: "all" }])
        {
            return AllActions;
        }

        var actions = new SortedSet<int>(words.Select(word => Action(word, ActionNames.All)));
        return actions.Count > 0 ? [.. actions] : throw node.At.Wrong(0, "names of actions are expected here, or 'all'");
    }

    /// <summary>Words such as FIRE or NOOP*60.</summary>
    public static IReadOnlyList<StartingAction> StartingActions(GameNode node) => [.. Words(node).Select(word =>
    {
        var star = word.Text.IndexOf('*', StringComparison.Ordinal);
        var action = Action(star < 0 ? word : word with { Text = word.Text[..star] }, [.. ActionNames.All, "RESET"]);
        return new StartingAction(action, star < 0 ? 1 : Whole(word with { Text = word.Text[(star + 1)..] }, 1, MostFrames));
    })];

    /// <summary>Index of the word that it is.</summary>
    public static int Choice(GameNode node, params string[] words)
    {
        var text = Text(node);
        var index = Array.IndexOf(words, text.Text);
        return index >= 0 ? index : throw text.Wrong(0, $"'{text.Text}' is not allowed here; allowed: {string.Join(" or ", words)}");
    }

    public static string Identifier(GameNode node)
    {
        var text = Text(node);
        return text.Text.Length is > 0 and <= 64 && text.Text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
            ? text.Text
            : throw text.Wrong(0, $"'{text.Text}' is no id; allowed: small letters, digits and _, at most 64");
    }

    public static string Md5(GameNode node)
    {
        var text = Text(node);
        return text.Text.Length == 32 && text.Text.All(char.IsAsciiHexDigit)
            ? text.Text.ToLowerInvariant()
            : throw text.Wrong(0, $"'{text.Text}' is no MD5; allowed: 32 hexadecimal digits");
    }

    /// <summary>An expression that is known when the file is read.</summary>
    public static int Constant(GameNode node, Scope scope)
    {
        var text = Text(node);
        return ExpressionParser.Read(text, scope).Constant ?? throw text.Wrong(0, "a number is expected here, not a value that changes");
    }

    private static int Whole(SourceSpan text, int least, int most) =>
        int.TryParse(text.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
        && value >= least && value <= most
            ? value
            : throw text.Wrong(0, $"'{text.Text}' is not allowed here; allowed: whole numbers {least}..{most}");

    private static int Action(SourceSpan word, IReadOnlyList<string> allowed) =>
        ActionNames.Find(word.Text) is >= 0 and var action && allowed.Contains(ActionNames.Of(action))
            ? action
            : throw word.Wrong(0, $"'{word.Text}' is no action{Allowed(word.Text, allowed, " ")}");
}
