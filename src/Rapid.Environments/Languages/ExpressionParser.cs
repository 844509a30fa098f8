namespace Rapid.Environments.Languages;

/// <summary>
/// Compiles expressions by recursive descent. From weak to strong: or; and; not; comparisons; the language's own operators; a sign. What the
/// operands are, and what becomes of an operation, is the language's.
/// </summary>
/// <typeparam name="TNode">A compiled expression.</typeparam>
/// <param name="source">The piece of the file that the tokens are from.</param>
/// <param name="tokens">Ends with <see cref="TokenKind.End"/>.</param>
/// <param name="levels">Operators of the language that are equally strong, the weakest first.</param>
internal abstract class ExpressionParser<TNode>(SourceSpan source, List<Token> tokens, string[][] levels)
    where TNode : class
{
    private const int MostDepth = 64;

    /// <summary>Operators whose result is true or false.</summary>
    protected static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private int _depth;

    /// <summary>The next token.</summary>
    public Token Next => tokens[Position];

    /// <summary>How deep what surrounds this expression is nested already.</summary>
    protected int Depth { get => _depth; init => _depth = value; }

    /// <summary>Index of the next token.</summary>
    protected int Position { get; set; }

    /// <summary>What may follow an expression, beside its end.</summary>
    protected virtual string Continuation => "an operator";

    /// <summary>Takes the next token.</summary>
    public Token Take() => Next.Kind == TokenKind.End ? Next : tokens[Position++];

    /// <summary>Takes the next token if it is this one.</summary>
    public bool TryTake(string text)
    {
        var isIt = Next.Is(text);
        Position += isIt ? 1 : 0;
        return isIt;
    }

    /// <summary>Takes a token that must come.</summary>
    public void Expect(string text)
    {
        if (!TryTake(text))
        {
            throw Wrong($"'{text}' is expected here, not {Next.Describe()}");
        }
    }

    /// <summary>A problem at the next token.</summary>
    public SourceException Wrong(string message) => WrongAt(Next, message);

    /// <summary>A problem at a token that was taken.</summary>
    public SourceException WrongAt(Token token, string message) => source.Wrong(token.Offset, message);

    /// <summary>An expression, from where the parser stands.</summary>
    public TNode ReadExpression() => Nested(() =>
    {
        var left = ReadAnd();
        while (Next.Is("or"))
        {
            left = MakeBinary(Take(), left, ReadAnd());
        }

        return left;
    });

    /// <summary>Expressions up to the closing bracket.</summary>
    public List<TNode> ReadArguments()
    {
        var arguments = new List<TNode>();
        do
        {
            arguments.Add(ReadExpression());
        }
        while (TryTake(","));
        Expect(")");
        return arguments;
    }

    /// <summary>Ends with a problem if a function does not take so many values.</summary>
    /// <param name="call">The function's name.</param>
    /// <param name="count">Values that are there.</param>
    /// <param name="fewest">That it takes.</param>
    /// <param name="most">That it takes.</param>
    public void CheckCount(Token call, int count, int fewest, int most)
    {
        if (count < fewest || count > most)
        {
            var wanted = fewest == most ? $"{fewest}" : $"{fewest}..{most}";
            throw WrongAt(call, $"{call.Text}() takes {wanted} values, not {count}");
        }
    }

    /// <summary>What a sign may stand before.</summary>
    protected abstract TNode ReadOperand();

    /// <summary>The operation of a sign or of "not".</summary>
    protected abstract TNode MakeUnary(string name, TNode operand);

    /// <summary>The operation of an operator.</summary>
    protected abstract TNode MakeBinary(Token sign, TNode left, TNode right);

    /// <summary>An expression that is all that the piece holds.</summary>
    protected TNode ReadToEnd()
    {
        var expression = ReadExpression();
        return Next.Kind == TokenKind.End
            ? expression
            : throw Wrong($"{Next.Describe()} is left over; allowed: {Continuation}, or the end");
    }

    /// <summary>An operand with the signs before it.</summary>
    protected TNode ReadSigned()
    {
        var isNegative = false;
        while (Next.Is("-") || Next.Is("+"))
        {
            isNegative ^= Take().Is("-");
        }

        var operand = ReadOperand();
        return isNegative ? MakeUnary("-", operand) : operand;
    }

    /// <summary>Reads one level deeper; files must not exhaust the stack.</summary>
    protected TNode Nested(Func<TNode> read)
    {
        if (++_depth > MostDepth)
        {
            throw Wrong($"nested more than {MostDepth} levels deep");
        }

        var node = read();
        _depth--;
        return node;
    }

    private TNode ReadAnd()
    {
        var left = ReadNot();
        while (Next.Is("and"))
        {
            left = MakeBinary(Take(), left, ReadNot());
        }

        return left;
    }

    private TNode ReadNot()
    {
        var inversions = 0;
        while (TryTake("not"))
        {
            inversions++;
        }

        var operand = ReadComparison();
        for (; inversions > 0; inversions--)
        {
            operand = MakeUnary("not", operand);
        }

        return operand;
    }

    private TNode ReadComparison()
    {
        var left = ReadLevel(0);
        if (!Array.Exists(Comparisons, Next.Is))
        {
            return left;
        }

        var comparison = MakeBinary(Take(), left, ReadLevel(0));
        return Array.Exists(Comparisons, Next.Is) ? throw Wrong("comparisons do not chain; join them with 'and'") : comparison;
    }

    private TNode ReadLevel(int level)
    {
        if (level == levels.Length)
        {
            return ReadSigned();
        }

        var left = ReadLevel(level + 1);
        while (Next.Kind == TokenKind.Symbol && Array.Exists(levels[level], Next.Is))
        {
            left = MakeBinary(Take(), left, ReadLevel(level + 1));
        }

        return left;
    }
}
