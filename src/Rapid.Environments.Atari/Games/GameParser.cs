using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari.Games;

/// <summary>
/// Compiles the expressions of a game. Its operators: |; ^; &amp;; shifts; + -; * / %.
/// </summary>
/// <param name="source">The piece of the file that the tokens are from.</param>
/// <param name="tokens">Ends with <see cref="TokenKind.End"/>.</param>
/// <param name="scope">Names of the game.</param>
/// <param name="isScript">Whether mode and random() exist.</param>
internal sealed class GameParser(SourceSpan source, List<Token> tokens, Scope scope, bool isScript)
    : ExpressionParser<Expression>(source, tokens, [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]])
{
    /// <summary>Parameters and counters, and how many values each stands for.</summary>
    private Dictionary<string, (Expression Value, int Size)> _bound = [];

    /// <summary>Compiles a piece that is one expression.</summary>
    /// <exception cref="SourceException">It is not one.</exception>
    public static Expression Read(SourceSpan source, Scope scope) =>
        new GameParser(source, GameLexer.Instance.Read(source), scope, isScript: false).ReadToEnd();

    /// <summary>A value that is known when the file is read.</summary>
    public int ReadConstant()
    {
        var start = Next;
        return ReadExpression().Constant ?? throw WrongAt(start, "a number is expected here, not a value that changes");
    }

    /// <inheritdoc/>
    protected override Expression MakeUnary(string name, Expression operand) => Made(new Unary(name, operand).Folded(operand));

    /// <inheritdoc/>
    protected override Expression MakeBinary(Token sign, Expression left, Expression right) => MakeBinary(sign.Text, left, right);

    /// <inheritdoc/>
    protected override Expression ReadOperand()
    {
        var token = Next;
        switch (token.Kind)
        {
            case TokenKind.Number:
                Take();
                return Made(new Number((int)token.Value));
            case TokenKind.Ram:
                Take();
                return Made(new RamByte((int)token.Value & 0x7F));
            case TokenKind.Bus:
                Take();
                return Made(new BusByte((int)token.Value));
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
        void Takes(int fewest, int most) => CheckCount(token, arguments.Length, fewest, most);

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
                    var address => throw WrongAt(token, $"ram({address}) is not memory; memory is 0x80..0xFF"),
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
            throw WrongAt(name, $"a name is expected here, as in sum(i, 0, 5, ram(0x90 + i)), not {name.Describe()}");
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
        var body = Position;
        var terms = new Expression[last - first + 1];
        for (var i = first; i <= last; i++)
        {
            Position = body;
            _bound = new(outer) { [name.Text] = (new Number(i), 1) };
            var term = ReadExpression();
            terms[i - first] = isCount && !term.IsCondition ? MakeBinary("!=", term, new Number(0)) : term;
        }

        _bound = outer;
        Expect(")");
        return Made(new Sum(terms).Folded(terms));
    }

    private Expression Inline(Token call, Function function, List<(Expression Value, int Size)> arguments)
    {
        CheckCount(call, arguments.Count, function.Parameters.Count, function.Parameters.Count);
        var body = new GameParser(function.Source, function.Tokens, scope, isScript)
        {
            _bound = function.Parameters.Zip(arguments).ToDictionary(pair => pair.First, pair => pair.Second),
            Depth = Depth + 1,
        };
        return body.ReadToEnd();
    }

    private Expression MakeBinary(string name, Expression left, Expression right) => Made(
        (name is "and" or "or" ? (Expression)new Logical(left, right, name == "and") : new Binary(name, left, right)).Folded(left, right));

    private Expression Made(Expression node) =>
        ++scope.Nodes <= Scope.MostNodes ? node : throw Wrong($"the game's expressions are too large: more than {Scope.MostNodes} values");

    private SourceException Unknown(Token token, string what)
    {
        var hint = token.Text == "mode" && !isScript ? "; only 'select' knows the mode" : scope.HintFor(token.Text);
        return WrongAt(token, $"{token.Describe()} {what}{hint}");
    }
}
