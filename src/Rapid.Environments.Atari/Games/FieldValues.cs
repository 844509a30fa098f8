using Rapid.Environments.Languages;
using static Rapid.Environments.Languages.SourceFields;

namespace Rapid.Environments.Atari.Games;

/// <summary>Reads the values of fields that only games have.</summary>
internal static class FieldValues
{
    private const int MostNumbers = 4096, MostFrames = 100_000;

    /// <summary>0..17.</summary>
    public static IReadOnlyList<int> AllActions { get; } = [.. Enumerable.Range(0, ActionNames.All.Count)];

    /// <summary>Ascending numbers, from words such as 0..7 16.</summary>
    public static IReadOnlyList<int> Numbers(SourceNode node, int most)
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
    public static IReadOnlyList<int> Actions(SourceNode node)
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
    public static IReadOnlyList<StartingAction> StartingActions(SourceNode node) => [.. Words(node).Select(word =>
    {
        var star = word.Text.IndexOf('*', StringComparison.Ordinal);
        var action = Action(star < 0 ? word : word with { Text = word.Text[..star] }, [.. ActionNames.All, "RESET"]);
        return new StartingAction(action, star < 0 ? 1 : Whole(word with { Text = word.Text[(star + 1)..] }, 1, MostFrames));
    })];

    public static string Identifier(SourceNode node)
    {
        var text = Text(node);
        return text.Text.Length is > 0 and <= 64 && text.Text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
            ? text.Text
            : throw text.Wrong(0, $"'{text.Text}' is no id; allowed: small letters, digits and _, at most 64");
    }

    public static string Md5(SourceNode node)
    {
        var text = Text(node);
        return text.Text.Length == 32 && text.Text.All(char.IsAsciiHexDigit)
            ? text.Text.ToLowerInvariant()
            : throw text.Wrong(0, $"'{text.Text}' is no MD5; allowed: 32 hexadecimal digits");
    }

    /// <summary>An expression that is known when the file is read.</summary>
    public static int Constant(SourceNode node, Scope scope)
    {
        var text = Text(node);
        return GameParser.Read(text, scope).Constant ?? throw text.Wrong(0, "a number is expected here, not a value that changes");
    }

    private static int Action(SourceSpan word, IReadOnlyList<string> allowed) =>
        ActionNames.Find(word.Text) is >= 0 and var action && allowed.Contains(ActionNames.Of(action))
            ? action
            : throw word.Wrong(0, $"'{word.Text}' is no action{Allowed(word.Text, allowed, " ")}");
}
