using System.Globalization;
using Rapid.Core;
using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari.Games;

/// <summary>Whole numbers as 12 and 0x1F, and addresses as $80 and $1000; for scripts, too.</summary>
internal sealed class GameLexer()
    : Lexer(
        "<<", ">>", "==", "!=", "<=", ">=", "..", "(", ")", "{", "}", ",", "+", "-", "*", "/", "%", "&", "|", "^", "<", ">", "=", ".")
{
    /// <summary>The only one that is needed.</summary>
    public static GameLexer Instance { get; } = new();

    /// <inheritdoc/>
    protected override Token? ReadOwn(SourceSpan source, int at, TokenKind? touched) => source.Text[at] switch
    {
        '$' => Address(source, at),
        >= '0' and <= '9' => Number(source, at),
        _ => null,
    };

    private static Token Address(SourceSpan source, int at)
    {
        var word = '$' + WordAt(source.Text, at + 1);
        if (word.Length is not (3 or 5) || !int.TryParse(word.AsSpan(1), NumberStyles.AllowHexSpecifier, null, out var address))
        {
            throw source.Wrong(at, $"'{word}' is no address; allowed: $80..$FF for memory, $0000..$FFFF for any other byte of the bus");
        }

        if (word.Length == 5)
        {
            return new Token(TokenKind.Bus, word, address, at, word.Length);
        }

        return address >= 0x80
            ? new Token(TokenKind.Ram, word, address, at, word.Length)
            : throw source.Wrong(at, $"'{word}' is not memory; memory is $80..$FF, and a number in hexadecimal is 0x{word[1..]}");
    }

    private static Token Number(SourceSpan source, int at)
    {
        var word = WordAt(source.Text, at);
        var isRead = word.StartsWith("0x", StringComparison.Ordinal)
            ? int.TryParse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, null, out var value) && value >= 0
            : TryReadDecimal(word, out value);
        return isRead
            ? new Token(TokenKind.Number, word, value, at, word.Length)
            : throw source.Wrong(at, $"'{word}' is no number; allowed: 0..2147483647, or hexadecimal such as 0x1F");
    }

    private static bool TryReadDecimal(string word, out int value)
    {
        var isRead = NumberReader.TryReadWhole(word, out var whole) && whole <= int.MaxValue;
        value = isRead ? (int)whole : 0;
        return isRead;
    }
}
