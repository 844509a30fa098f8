namespace Rapid.Environments.Languages;

/// <summary>Cuts expressions into words. Names and symbols are the same in every language; numbers are a language's own.</summary>
/// <param name="symbols">Of the language, longer ones before those that they begin with.</param>
internal abstract class Lexer(params string[] symbols)
{
    /// <summary>All tokens, the last one being <see cref="TokenKind.End"/>.</summary>
    /// <exception cref="SourceException">A character that begins nothing, a number that is none, a quote that is not closed.</exception>
    public List<Token> Read(SourceSpan source)
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

            var touched = tokens.Count > 0 && !char.IsWhiteSpace(text[at - 1]) ? tokens[^1].Kind : (TokenKind?)null;
            var token = ReadOwn(source, at, touched) ?? ReadNameOrSymbol(source, at);
            tokens.Add(token);
            at += token.Length;
        }

        tokens.Add(new Token(TokenKind.End, "", 0, text.Length, 0));
        return tokens;
    }

    /// <summary>Whether a name can be written without quotes.</summary>
    public static bool IsPlainName(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(IsOfName);

    /// <summary>A token that the language writes in its own way, above all numbers; null where none begins.</summary>
    /// <param name="source">The piece.</param>
    /// <param name="at">Where the token begins.</param>
    /// <param name="touched">The token right before it, if nothing is between them.</param>
    protected abstract Token? ReadOwn(SourceSpan source, int at, TokenKind? touched);

    /// <summary>Whether a character may be part of a name.</summary>
    protected static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>Letters, digits and _ from a place on.</summary>
    protected static string WordAt(string text, int at)
    {
        var end = at;
        while (end < text.Length && IsOfName(text[end]))
        {
            end++;
        }

        return text[at..end];
    }

    private Token ReadNameOrSymbol(SourceSpan source, int at)
    {
        var text = source.Text;
        if (WordAt(text, at) is { Length: > 0 } word)
        {
            return new Token(TokenKind.Name, word, 0, at, word.Length);
        }

        var symbol = Array.Find(symbols, symbol => string.CompareOrdinal(text, at, symbol, 0, symbol.Length) == 0)
            ?? throw source.Wrong(at, $"'{text[at]}' means nothing here; allowed: {string.Join(' ', symbols)}");
        return new Token(TokenKind.Symbol, symbol, 0, at, symbol.Length);
    }
}
