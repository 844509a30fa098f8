using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari.Games;

/// <summary>
/// Compiles expressions by recursive descent. From weak to strong: or; and; not; comparisons; |; ^; &amp;; shifts; + -; * / %; a sign.
/// </summary>
/// <param name="source">The piece of the file that the tokens are from.</param>
/// <param name="tokens">Ends with <see cref="TokenKind.End"/>.</param>
/// <param name="scope">Names of the game.</param>
/// <param name="isScript">Whether mode and random() exist.</param>
internal sealed class ExpressionParser(SourceSpan source, List<Token> tokens, Scope scope, bool isScript)
{
    private const int MostDepth = 64;

    private static readonly string[][] Levels = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]];
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>Parameters and counters, and how many values each stands for.</summary>
    private Dictionary<string, (Expression Value, int Size)> _bound = [];
    private int _at;
    private int _depth;

    /// <summary>The next token.</summary>
    public Token Next => tokens[_at];

    /// <summary>Compiles a piece that is one expression.</summary>
    /// <exception cref="SourceException">It is not one.</exception>
    public static Expression Read(SourceSpan source, Scope scope)
    {
        var parser = new ExpressionParser(source, Lexer.Read(source), scope, isScript: false);
        return parser.ReadToEnd();
    }

    /// <summary>Takes the next token.</summary>
    public Token Take() => tokens[_at].Kind == TokenKind.End ? tokens[_at] : tokens[_at++];

    /// <summary>Takes the next token if it is this one.</summary>
    public bool TryTake(string text)
    {
        var isIt = Next.Is(text);
        _at += isIt ? 1 : 0;
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
    public Expression ReadExpression()
    {
        if (++_depth > MostDepth)
        {
            throw Wrong($"nested more than {MostDepth} levels deep");
        }

        var left = ReadAnd();
        while (TryTake("or"))
        {
            left = MakeLogical(left, ReadAnd(), isAnd: false);
        }

        _depth--;
        return left;
    }

    private Expression ReadToEnd()
    {
        var expression = ReadExpression();
        return Next.Kind == TokenKind.End ? expression : throw Wrong($"{Next.Describe()} is left over; allowed: an operator, or the end");
    }

    private Expression ReadAnd()
    {
        var left = ReadNot();
        while (TryTake("and"))
        {
            left = MakeLogical(left, ReadNot(), isAnd: true);
        }

        return left;
    }

    private Expression ReadNot()
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

    private Expression ReadComparison()
    {
        var left = ReadLevel(0);
        if (Array.Find(Comparisons, Next.Is) is not { } name)
        {
            return left;
        }

        Take();
        var comparison = MakeBinary(name, left, ReadLevel(0));
        return Array.Exists(Comparisons, Next.Is) ? throw Wrong("comparisons do not chain; join them with 'and'") : comparison;
    }

    private Expression ReadLevel(int level)
    {
        if (level == Levels.Length)
        {
            return ReadSigned();
        }

        var left = ReadLevel(level + 1);
        while (Next.Kind == TokenKind.Symbol && Array.Find(Levels[level], Next.Is) is { } name)
        {
            Take();
            left = MakeBinary(name, left, ReadLevel(level + 1));
        }

        return left;
    }

    private Expression ReadSigned()
    {
        var isNegative = false;
        while (TryTake("-"))
        {
            isNegative = !isNegative;
        }

        var operand = ReadPrimary();
        return isNegative ? MakeUnary("-", operand) : operand;
    }

    private Expression ReadPrimary()
    {
        var token = Next;
        switch (token.Kind)
        {
            case TokenKind.Number:
                Take();
                return Made(new Number(token.Value));
            case TokenKind.Ram:
                Take();
                return Made(new RamByte(token.Value & 0x7F));
            case TokenKind.Bus:
                Take();
                return Made(new BusByte(token.Value));
            case TokenKind.Name:
                Take();
                return ReadName(token);
            case TokenKind.Symbol when TryTake("("):
                var inner = ReadExpression();
                Expect(")");
                return inner;
            default:
                throw Wrong($"a value is expected here, not {token.Describe()}; allowed: a number, $80..$FF, a name, a function, '('");
        }
    }

    private Expression ReadName(Token token)
    {
        var name = token.Text;
        if (name == "last" && TryTake("."))
        {
            var variable = Take();
            return scope.SlotOf(variable.Text) is >= 0 and var slot
                ? Made(new LastVariable(slot))
                : throw Unknown(variable, "is not a variable");
        }

        if (Next.Is("("))
        {
            return ReadCall(token);
        }

        if (_bound.TryGetValue(name, out var bound))
        {
            // Each use evaluates it again, so each use counts: f(f(f(...))) with f(v): v + v doubles at every level.
            scope.Nodes += bound.Size - 1;
            return Made(bound.Value);
        }

        return name switch
        {
            "delta" => MakeBinary("-", new Variable(Scope.Score), new LastVariable(Scope.Score)),
            "mode" when isScript => Made(new Mode()),
            _ when scope.SlotOf(name) is >= 0 and var slot => Made(new Variable(slot)),
            _ => throw Unknown(token, "is not a variable"),
        };
    }

    private Expression ReadCall(Token token)
    {
        Expect("(");
        if (token.Text is "sum" or "count")
        {
            return ReadRange(token.Text == "count");
        }

        if (token.Text == "random" && isScript)
        {
            return ReadRandom();
        }

        var arguments = new List<(Expression Value, int Size)>();
        do
        {
            var before = scope.Nodes;
            var value = ReadExpression();
            arguments.Add((value, scope.Nodes - before));
        }
        while (TryTake(","));
        Expect(")");
        return scope.FunctionOf(token.Text) is { } function
            ? Inline(token, function, arguments)
            : BuiltIn(token, [.. arguments.Select(argument => argument.Value)]);
    }

    private RandomBelow ReadRandom()
    {
        var count = ReadConstant();
        Expect(")");
        return count > 0 ? new RandomBelow(count) : throw Wrong("random(n) needs an n of at least 1");
    }

    private Expression BuiltIn(Token token, Expression[] arguments)
    {
        void Takes(int fewest, int most)
        {
            if (arguments.Length < fewest || arguments.Length > most)
            {
                var wanted = fewest == most ? $"{fewest}" : $"{fewest}..{most}";
                throw source.Wrong(token.Offset, $"{token.Text}() takes {wanted} values, not {arguments.Length}");
            }
        }

        switch (token.Text)
        {
            case "lo" or "hi" or "s8" or "u8" or "abs":
                Takes(1, 1);
                return MakeUnary(token.Text, arguments[0]);
            case "min" or "max" or "bit":
                Takes(2, 2);
                return MakeBinary(token.Text, arguments[0], arguments[1]);
            case "if":
                Takes(3, 3);
                return Made(new Choice(arguments[0], arguments[1], arguments[2]).Folded(arguments));
            case "pick":
                Takes(2, 65);
                return Made(new Pick(arguments[0], arguments[1..]).Folded(arguments));
            case "bcd":
                Takes(1, 4);
                return Made(Array.TrueForAll(arguments, argument => argument is RamByte)
                    ? new RamDecimal([.. arguments.Cast<RamByte>().Select(argument => argument.Index)])
                    : new DecimalOf(arguments).Folded(arguments));
            case "ram":
                Takes(1, 1);
                return Made(arguments[0].Constant switch
                {
                    null => new RamAt(arguments[0]),
                    >= 0x80 and <= 0xFF and var address => new RamByte(address & 0x7F),
                    var address => throw source.Wrong(token.Offset, $"ram({address}) is not memory; memory is 0x80..0xFF"),
                });
            default:
                throw Unknown(token, "is not a function");
        }
    }

    /// <summary>sum(i, first, last, value): the value once for each i, which is a constant in it.</summary>
    private Expression ReadRange(bool isCount)
    {
        var name = Take();
        if (name.Kind != TokenKind.Name || Scope.Reserved.Contains(name.Text))
        {
            throw source.Wrong(name.Offset, $"a name is expected here, as in sum(i, 0, 5, ram(0x90 + i)), not {name.Describe()}");
        }

        Expect(",");
        var first = ReadConstant();
        Expect(",");
        var last = ReadConstant();
        Expect(",");
        if (last < first || (long)last - first >= 128)
        {
            throw Wrong($"{first}..{last} is no range of 1 to 128 numbers");
        }

        var outer = _bound;
        var body = _at;
        var terms = new Expression[last - first + 1];
        for (var i = first; i <= last; i++)
        {
            _at = body;
            _bound = new(outer) { [name.Text] = (new Number(i), 1) };
            var term = ReadExpression();
            terms[i - first] = isCount && !term.IsCondition ? MakeBinary("!=", term, new Number(0)) : term;
        }

        _bound = outer;
        Expect(")");
        return Made(new Sum(terms).Folded(terms));
    }

    /// <summary>A value that is known when the file is read.</summary>
    public int ReadConstant()
    {
        var start = Next.Offset;
        return ReadExpression().Constant ?? throw source.Wrong(start, "a number is expected here, not a value that changes");
    }

    private Expression Inline(Token call, Function function, List<(Expression Value, int Size)> arguments)
    {
        if (arguments.Count != function.Parameters.Count)
        {
            throw source.Wrong(call.Offset, $"{call.Text}() takes {function.Parameters.Count} values, not {arguments.Count}");
        }

        var body = new ExpressionParser(function.Source, function.Tokens, scope, isScript)
        {
            _bound = function.Parameters.Zip(arguments).ToDictionary(pair => pair.First, pair => pair.Second),
            _depth = _depth + 1,
        };
        return body.ReadToEnd();
    }

    private Expression MakeUnary(string name, Expression operand) => Made(new Unary(name, operand).Folded(operand));

    private Expression MakeBinary(string name, Expression left, Expression right) =>
        Made(new Binary(name, left, right).Folded(left, right));

    private Expression MakeLogical(Expression left, Expression right, bool isAnd) =>
        Made(new Logical(left, right, isAnd).Folded(left, right));

    private Expression Made(Expression node) =>
        ++scope.Nodes <= Scope.MostNodes ? node : throw Wrong($"the game's expressions are too large: more than {Scope.MostNodes} values");

    private SourceException Unknown(Token token, string what)
    {
        var hint = token.Text == "mode" && !isScript ? "; only 'select' knows the mode" : scope.HintFor(token.Text);
        return WrongAt(token, $"{token.Describe()} {what}{hint}");
    }
}
