using System.Globalization;
using Rapid.Core;
using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari.Games;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    Number,
    Ram,
    Bus,
    Name,
    Symbol,
    End,
}

/// <summary>A word of the language.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As written.</param>
/// <param name="Value">Of a number; the address of a byte.</param>
/// <param name="Offset">Of its first character in the piece.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Value, int Offset)
{
    public bool Is(string symbolOrWord) => Kind is TokenKind.Symbol or TokenKind.Name && Text == symbolOrWord;

    /// <summary>For a message.</summary>
    public string Describe() => Kind == TokenKind.End ? "the end" : $"'{Text}'";
}

/// <summary>Cuts expressions and scripts into words.</summary>
internal static class Lexer
{
    private static readonly string[] Symbols =
    [
        "<<", ">>", "==", "!=", "<=", ">=", "..", "(", ")", "{", "}", ",", "+", "-", "*", "/", "%", "&", "|", "^", "<", ">", "=", ".",
    ];

    /// <summary>All tokens, the last one being <see cref="TokenKind.End"/>.</summary>
    /// <exception cref="SourceException">A character that begins nothing, or a number or an address that does not exist.</exception>
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

            var token = ReadOne(source, at);
            tokens.Add(token);
            at += token.Text.Length;
        }

        tokens.Add(new Token(TokenKind.End, "", 0, text.Length));
        return tokens;
    }

    private static Token ReadOne(SourceSpan source, int at)
    {
        var text = source.Text;
        if (text[at] == '$')
        {
            return Address(source, at);
        }

        if (char.IsAsciiDigit(text[at]))
        {
            return Number(source, at);
        }

        if (char.IsAsciiLetter(text[at]) || text[at] == '_')
        {
            var word = text[at..EndOfWord(text, at)];
            return new Token(TokenKind.Name, word, 0, at);
        }

        var symbol = Array.Find(Symbols, symbol => string.CompareOrdinal(text, at, symbol, 0, symbol.Length) == 0)
            ?? throw source.Wrong(at, $"'{text[at]}' means nothing here; allowed: {string.Join(' ', Symbols)}");
        return new Token(TokenKind.Symbol, symbol, 0, at);
    }

    private static Token Address(SourceSpan source, int at)
    {
        var word = source.Text[at..EndOfWord(source.Text, at + 1)];
        if (word.Length is not (3 or 5) || !int.TryParse(word.AsSpan(1), NumberStyles.AllowHexSpecifier, null, out var address))
        {
            throw source.Wrong(at, $"'{word}' is no address; allowed: $80..$FF for memory, $0000..$FFFF for any other byte of the bus");
        }

        if (word.Length == 5)
        {
            return new Token(TokenKind.Bus, word, address, at);
        }

        return address >= 0x80
            ? new Token(TokenKind.Ram, word, address, at)
            : throw source.Wrong(at, $"'{word}' is not memory; memory is $80..$FF, and a number in hexadecimal is 0x{word[1..]}");
    }

    private static Token Number(SourceSpan source, int at)
    {
        var word = source.Text[at..EndOfWord(source.Text, at)];
        var isRead = word.StartsWith("0x", StringComparison.Ordinal)
            ? int.TryParse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, null, out var value) && value >= 0
            : TryReadDecimal(word, out value);
        return isRead
            ? new Token(TokenKind.Number, word, value, at)
            : throw source.Wrong(at, $"'{word}' is no number; allowed: 0..2147483647, or hexadecimal such as 0x1F");
    }

    private static bool TryReadDecimal(string word, out int value)
    {
        var isRead = NumberReader.TryReadWhole(word, out var whole) && whole <= int.MaxValue;
        value = isRead ? (int)whole : 0;
        return isRead;
    }

    private static int EndOfWord(string text, int at)
    {
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
        {
            at++;
        }

        return at;
    }
}
