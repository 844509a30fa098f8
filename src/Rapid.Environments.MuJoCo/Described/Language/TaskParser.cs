using Rapid.Environments.Languages;

namespace Rapid.Environments.Described;

/// <summary>
/// Compiles the expressions of a task. Its operators: + -; * /; behind a sign ^, and what stands behind a value.
/// </summary>
/// <param name="source">The piece of the file that is compiled.</param>
/// <param name="scope">Names of the task.</param>
/// <param name="place">Where the expression stands.</param>
internal sealed class TaskParser(SourceSpan source, TaskScope scope, Place place)
    : ExpressionParser<Node>(source, TaskLexer.Instance.Read(source), [["+", "-"], ["*", "/"]])
{
    private bool _isBefore;

    /// <inheritdoc/>
    protected override string Continuation => "an operator, '['";

    /// <summary>Compiles a piece that is one expression.</summary>
    /// <exception cref="SourceException">It is not one.</exception>
    public static Node Read(SourceSpan source, TaskScope scope, Place place) => new TaskParser(source, scope, place).ReadToEnd();

    /// <summary>Compiles an expression that is one number.</summary>
    /// <exception cref="SourceException">It is not one.</exception>
    public static Node ReadScalar(SourceSpan source, TaskScope scope, Place place)
    {
        var node = Read(source, scope, place);
        return node.Size == 1
            ? node
            : throw source.Wrong(
                0, $"one number is expected here, not {node.Size}; sum(), mean(), norm(), all() and [index] make one of many");
    }

    /// <summary>Takes a name, with or without quotes.</summary>
    public Token TakeName() => Next.Kind is TokenKind.Name or TokenKind.Quoted
        ? Take()
        : throw Wrong(
            $"a name is expected here, not {Next.Describe()}; one with other characters than letters, digits and _ is quoted: 'left-hip'");

    /// <summary>a ^ b ^ c is a ^ (b ^ c), and -a ^ b is -(a ^ b).</summary>
    protected override Node ReadOperand()
    {
        var left = ReadPostfix();
        if (!Next.Is("^"))
        {
            return left;
        }

        var sign = Take();
        var right = Nested(ReadSigned);
        return right is Constant { Size: 1, Value: 2 }
            ? Made(new Unary(value => value * value, left), left)
            : MakeBinary(sign, left, right);
    }

    /// <inheritdoc/>
    protected override Node MakeUnary(string name, Node operand) => name == "not"
        ? Made(new Unary(value => Functions.Truth(value == 0), operand, isCondition: true), operand)
        : Made(new Unary(value => -value, operand), operand);

    /// <inheritdoc/>
    protected override Node MakeBinary(Token sign, Node left, Node right)
    {
        CheckSizes(sign, left, right);
        var isCondition = Array.Exists(Comparisons, sign.Is) || sign.Text is "and" or "or";
        return Made(new Binary(Functions.Operators[sign.Text], left, right, isCondition), left, right);
    }

    /// <summary>A value and the elements that are taken of it: x[3], x[1:9], x[1:], x[:3].</summary>
    private Node ReadPostfix()
    {
        var value = ReadPrimary();
        while (TryTake("["))
        {
            var at = Next;
            var isFromStart = Next.Is(":");
            var first = isFromStart ? 0 : ReadIndex(value.Size, isEnd: false);
            var last = first + 1;
            if (TryTake(":"))
            {
                last = Next.Is("]") ? value.Size : ReadIndex(value.Size, isEnd: true);
            }

            Expect("]");
            if (last <= first)
            {
                throw WrongAt(at, $"[{first}:{last}] takes nothing; the second number is the one after the last element");
            }

            value = value is StateSlice slice ? slice.Part(first, last - first)
                : Made(new Slice(value, first, last - first), value);
        }

        return value;
    }

    private int ReadIndex(int size, bool isEnd)
    {
        var at = Next;
        var node = ReadExpression();
        var last = isEnd ? size : size - 1;
        return node is Constant { Size: 1, Value: var value } && value >= 0 && value <= last && value == Math.Floor(value)
            ? (int)value
            : throw WrongAt(at, $"a whole number 0..{last} is expected here: there are {size} values");
    }

    private Node ReadPrimary()
    {
        var token = Next;
        switch (token.Kind)
        {
            case TokenKind.Number:
                Take();
                return Made(new Constant(token.Value));
            case TokenKind.Name:
                Take();
                return Next.Is("(") ? new TaskCalls(this, place).Read(token) : ReadName(token);
            case TokenKind.Symbol when TryTake("("):
                var parts = ReadArguments();
                return parts.Count == 1 ? parts[0] : Made(new Sequence(parts), [.. parts]);
            default:
                throw Wrong($"a value is expected here, not {token.Describe()}; allowed: a number, a name, a function, '('");
        }
    }

    private Node ReadName(Token token)
    {
        switch (token.Text)
        {
            case "pi":
                return Made(new Constant(Math.PI));
            case "inf":
                return Made(new Constant(double.PositiveInfinity));
            case "dt":
                return Made(new Constant(scope.StepSeconds));
        }

        if (place == Place.Number && TaskScope.Reserved.Contains(token.Text))
        {
            throw WrongAt(token, $"a number is expected here, and '{token.Text}' can change");
        }

        switch (token.Text)
        {
            case "time":
                return Made(new Time());
            case "contacts":
                return Made(new Contacts());
            case "action" when place == Place.Reset:
                throw WrongAt(token, "there is no action while an episode is being started");
            case "action":
                return Made(new ActionValue(scope.ActionSize));
            case "control":
                return Made(scope.Names.Whole("ctrl"));
            case "qpos" or "qvel":
                return Made(scope.Names.Whole(token.Text));
        }

        if (ModelNames.Kinds.Contains(token.Text))
        {
            return Made(scope.Names.Read(token.Text, this));
        }

        var (value, problem) = scope.Find(token.Text, place);
        return value is null ? throw WrongAt(token, problem) : Made(value);
    }

    /// <summary>An expression that is remembered from before the step.</summary>
    internal Node ReadBefore(Token call)
    {
        if (place != Place.Step || _isBefore)
        {
            throw WrongAt(call, _isBefore
                ? "before() of before() is not remembered: only one step is"
                : "before() is for what is seen and rewarded after a step");
        }

        _isBefore = true;
        var value = ReadExpression();
        _isBefore = false;
        Expect(")");
        return value.IsConstant ? value : Made(scope.Remember(value));
    }

    /// <summary>Takes an argument that is a word, after a comma; null when there is no comma.</summary>
    internal Token? TryTakeWord()
    {
        if (!TryTake(","))
        {
            return null;
        }

        return Next.Kind == TokenKind.Name ? Take() : throw Wrong($"the name of a shape is expected here, not {Next.Describe()}");
    }

    /// <summary>Takes an argument after a comma; null when there is none.</summary>
    internal Node? TryReadArgument() => TryTake(",") ? ReadExpression() : null;

    /// <summary>Sizes that go together: equal, or one of them 1.</summary>
    internal void CheckSizes(Token at, params ReadOnlySpan<Node> parts)
    {
        var size = 1;
        foreach (var part in parts)
        {
            if (part.Size != 1 && size != 1 && part.Size != size)
            {
                throw WrongAt(at, $"{size} and {part.Size} values do not go together; allowed: as many on both sides, or a single one");
            }

            size = Math.Max(size, part.Size);
        }
    }

    internal Node Made(Node node, params ReadOnlySpan<Node> parts)
    {
        scope.Nodes += 1 + (node is Sequence ? node.Size : 0);
        return scope.Nodes > TaskScope.MostNodes
            ? throw Wrong($"the task's expressions are too large: more than {TaskScope.MostNodes} values")
            : parts.Length > 0 ? node.Folded(parts)
            : node;
    }
}
