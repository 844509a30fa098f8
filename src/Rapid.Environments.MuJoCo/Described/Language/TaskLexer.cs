using Rapid.Core;
using Rapid.Environments.Languages;

namespace Rapid.Environments.Described;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    Number,
    Name,
    Quoted,
    Symbol,
    End,
}

/// <summary>A word of the language.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As written, without quotes.</param>
/// <param name="Value">Of a number.</param>
/// <param name="Offset">Of its first character in the piece.</param>
/// <param name="Length">Characters that it takes.</param>
internal readonly record struct Token(TokenKind Kind, string Text, double Value, int Offset, int Length)
{
    public bool Is(string symbolOrWord) => Kind is TokenKind.Symbol or TokenKind.Name && Text == symbolOrWord;

    /// <summary>For a message.</summary>
    public string Describe() => Kind == TokenKind.End ? "the end" : $"'{Text}'";
}

/// <summary>Cuts expressions into words.</summary>
internal static class TaskLexer
{
    private static readonly string[] Symbols =
        ["==", "!=", "<=", ">=", "(", ")", "[", "]", ",", ":", "+", "-", "*", "/", "^", "<", ">", "."];

    /// <summary>All tokens, the last one being <see cref="TokenKind.End"/>.</summary>
    /// <exception cref="SourceException">A character that begins nothing, a number that is none, a quote that is not closed.</exception>
    public static List<Token> Read(SourceSpan source)
    {
        var text = source.Text;
        var tokens = new List<Token>();
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            var token = ReadOne(source, at, tokens.Count > 0 && at > 0 && !char.IsWhiteSpace(text[at - 1]) ? tokens[^1].Kind : null);
            tokens.Add(token);
            at += token.Length;
        }

        tokens.Add(new Token(TokenKind.End, "", 0, text.Length, 0));
        return tokens;
    }

    /// <summary>Whether a name can be written without quotes.</summary>
    public static bool IsPlainName(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(IsOfName);

    private static Token ReadOne(SourceSpan source, int at, TokenKind? touched)
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
        if (char.IsAsciiDigit(text[at]) || isFraction)
        {
            return Number(source, at);
        }

        if (IsOfName(text[at]))
        {
            var end = at;
            while (end < text.Length && IsOfName(text[end]))
            {
                end++;
            }

            return new Token(TokenKind.Name, text[at..end], 0, at, end - at);
        }

        var symbol = Array.Find(Symbols, symbol => string.CompareOrdinal(text, at, symbol, 0, symbol.Length) == 0)
            ?? throw source.Wrong(at, $"'{text[at]}' means nothing here; allowed: {string.Join(' ', Symbols)}");
        return new Token(TokenKind.Symbol, symbol, 0, at, symbol.Length);
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

    private static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
