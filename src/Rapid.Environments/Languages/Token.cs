namespace Rapid.Environments.Languages;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    Number,
    Name,

    /// <summary>A name in quotes.</summary>
    Quoted,

    /// <summary>$80..$FF, a console's memory.</summary>
    Ram,

    /// <summary>$0000..$FFFF, any byte of a console's bus.</summary>
    Bus,
    Symbol,
    End,
}

/// <summary>A word of an expression.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As written, without quotes.</param>
/// <param name="Value">Of a number; the address of a byte.</param>
/// <param name="Offset">Of its first character in the piece.</param>
/// <param name="Length">Characters that it takes.</param>
internal readonly record struct Token(TokenKind Kind, string Text, double Value, int Offset, int Length)
{
    public bool Is(string symbolOrWord) => Kind is TokenKind.Symbol or TokenKind.Name && Text == symbolOrWord;

    /// <summary>For a message.</summary>
    public string Describe() => Kind == TokenKind.End ? "the end" : $"'{Text}'";
}
