using Rapid.Core;
using Rapid.Environments.Languages;

namespace Rapid.Environments.Described;

/// <summary>Numbers as 12, .5 and 1e-3, and names in quotes.</summary>
internal sealed class TaskLexer()
    : Lexer("==", "!=", "<=", ">=", "(", ")", "[", "]", ",", ":", "+", "-", "*", "/", "^", "<", ">", ".")
{
    /// <summary>The only one that is needed.</summary>
    public static TaskLexer Instance { get; } = new();

    /// <inheritdoc/>
    protected override Token? ReadOwn(SourceSpan source, int at, TokenKind? touched)
    {
        var text = source.Text;
        if (text[at] == '\'')
        {
            var end = text.IndexOf('\'', at + 1);
            return end > at + 1
                ? new Token(TokenKind.Quoted, text[(at + 1)..end], 0, at, end + 1 - at)
                : throw source.Wrong(at, end < 0 ? "this quote is not closed" : "a name is expected between the quotes");
        }

        // After a name a point goes on with its fields; elsewhere it may begin a number.
        var isFraction = text[at] == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])
            && touched is not (TokenKind.Name or TokenKind.Quoted);
        return char.IsAsciiDigit(text[at]) || isFraction ? Number(source, at) : null;
    }

    private static Token Number(SourceSpan source, int at)
    {
        var text = source.Text;
        var end = at;
        while (end < text.Length && (IsOfName(text[end]) || text[end] == '.' || (end > at && IsSignOfExponent(text, at, end))))
        {
            end++;
        }

        var word = text[at..end];
        return NumberReader.TryReadReal(word, out var value)
            ? new Token(TokenKind.Number, word, value, at, word.Length)
            : throw source.Wrong(at, $"'{word}' is no number, as 12, 0.5 and 1e-3 are; a name that begins with a digit is quoted");
    }

    /// <summary>The sign in 1e-3.</summary>
    private static bool IsSignOfExponent(string text, int start, int at) =>
        text[at] is '+' or '-' && text[at - 1] is 'e' or 'E' && at - 1 > start && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]);
}
