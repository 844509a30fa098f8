using Rapid.Environments.Languages;

namespace Rapid.Environments.Described;

/// <summary>Compiles calls of functions.</summary>
/// <param name="parser">Stands at the opening bracket.</param>
/// <param name="place">Where the expression stands.</param>
internal sealed class TaskCalls(TaskParser parser, Place place)
{
    /// <summary>Reads the call of a function.</summary>
    /// <param name="call">Its name.</param>
    /// <exception cref="SourceException">There is no such function, or it does not take that.</exception>
    public Node Read(Token call)
    {
        parser.Expect("(");
        switch (call.Text)
        {
            case "before":
                return parser.ReadBefore(call);
            case "tolerance":
                return ReadTolerance(call);
            case "uniform" or "normal" when place != Place.Reset:
                throw parser.WrongAt(call, $"only 'reset' draws random numbers; {call.Text}() is not for here");
        }

        if (!Functions.Names.Contains(call.Text))
        {
            throw parser.WrongAt(call, $"'{call.Text}' is not a function{SourceFields.Allowed(call.Text, Functions.Names, " ")}");
        }

        var arguments = parser.ReadArguments();
        return Functions.Reductions.TryGetValue(call.Text, out var reduce) && arguments.Count == 1
            ? parser.Made(reduce(arguments[0]), arguments[0])
            : ReadValues(call, arguments);
    }

    private Node ReadValues(Token call, List<Node> arguments)
    {
        Node[] all = [.. arguments];
        switch (call.Text)
        {
            case "uniform":
                Takes(2, 2);
                return parser.Made(new UniformDraw(all[0], all[1]));
            case "normal":
                Takes(1, 1);
                return parser.Made(new NormalDraw(all[0]));
            case "clip":
                Takes(3, 3);
                var raised = parser.Made(new Binary(Math.Max, all[0], all[1]), all[0], all[1]);
                return parser.Made(new Binary(Math.Min, raised, all[2]), raised, all[2]);
            case "if":
                Takes(3, 3);
                return parser.Made(new Choice(all[0], all[1], all[2]), all);
            case "dot":
                Takes(2, 2);
                var products = parser.Made(new Binary(Functions.Operators["*"], all[0], all[1]), all);
                return parser.Made(Functions.Reductions["sum"](products), products);
            case "min" or "max":
                Takes(2, 64);
                return arguments.Skip(1).Aggregate(
                    all[0], (left, right) => parser.Made(new Binary(Functions.Binary[call.Text], left, right), left, right));
            case "atan2":
                Takes(2, 2);
                return parser.Made(new Binary(Functions.Binary[call.Text], all[0], all[1]), all);
            case var name when Functions.Unary.TryGetValue(name, out var function):
                Takes(1, 1);
                return parser.Made(new Unary(function, all[0]), all);
            default:
                throw parser.WrongAt(call, $"{call.Text}() takes 1 value, not {all.Length}");
        }

        void Takes(int fewest, int most)
        {
            parser.CheckCount(call, all.Length, fewest, most);
            parser.CheckSizes(call, all);
        }
    }

    /// <summary>tolerance(x, low, high, margin, shape, value_at_margin), the last three of which may be left out.</summary>
    private Node ReadTolerance(Token call)
    {
        Node[] parts = [parser.ReadExpression(), Next("low"), Next("high"), parser.TryReadArgument() ?? new Constant(0)];
        var shape = Tolerance.DefaultShape;
        if (parser.TryTakeWord() is { } word)
        {
            shape = Tolerance.Shapes.ContainsKey(word.Text)
                ? word.Text
                : throw parser.WrongAt(word, $"'{word.Text}' is not a shape{SourceFields.Allowed(word.Text, Tolerance.Shapes.Keys)}");
        }

        var atMargin = parser.TryReadArgument() ?? new Constant(Tolerance.DefaultValueAtMargin);
        parser.Expect(")");
        parser.CheckSizes(call, parts);
        Check(call, parts, shape, atMargin);
        return parser.Made(
            new Tolerance(parts[0], parts[1], parts[2], parts[3], Tolerance.Shapes[shape](((Constant)atMargin).Value)), parts);

        Node Next(string name) => parser.TryReadArgument()
            ?? throw parser.WrongAt(call, $"tolerance(x, low, high, margin, shape, value_at_margin) lacks '{name}'");
    }

    private void Check(Token call, Node[] parts, string shape, Node atMargin)
    {
        if (parts[1] is Constant low && parts[2] is Constant high && low.Value > high.Value)
        {
            throw parser.WrongAt(call, $"tolerance() between {low.Value} and {high.Value}; allowed: the smaller number first");
        }

        if (parts[3] is Constant { Value: < 0 } margin)
        {
            throw parser.WrongAt(call, $"a margin of {margin.Value}; allowed: 0 and more");
        }

        var mayBeZero = Tolerance.MayBeZeroAtMargin(shape);
        if (atMargin is not Constant { Size: 1, Value: >= 0 and < 1 and var value } || (value == 0 && !mayBeZero))
        {
            var range = mayBeZero ? "0 to less than 1" : "more than 0 and less than 1";
            throw parser.WrongAt(call, $"the value at the margin of a {shape} slope is not allowed; allowed: a number, {range}");
        }
    }
}
