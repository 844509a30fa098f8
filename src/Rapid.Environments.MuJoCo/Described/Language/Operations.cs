namespace Rapid.Environments.Described;

/// <summary>A function of one value, element by element.</summary>
internal sealed class Unary(Func<double, double> function, Node value, bool isCondition = false) : Node(value.Size)
{
    public override bool IsCondition => isCondition;

    public override double At(int index, TaskState state) => function(value.At(index, state));
}

/// <summary>A function of two values, element by element.</summary>
internal sealed class Binary(Func<double, double, double> function, Node left, Node right, bool isCondition = false)
    : Node(Math.Max(left.Size, right.Size))
{
    public override bool IsCondition => isCondition;

    public override double At(int index, TaskState state) => function(Spread(left, index, state), Spread(right, index, state));
}

/// <summary>One number made of all elements.</summary>
internal sealed class Reduction(Func<double, double, double> function, double start, Node value, Func<double, double>? finish = null)
    : Node(1)
{
    public override double At(int index, TaskState state)
    {
        var result = start;
        for (var i = 0; i < value.Size; i++)
        {
            result = function(result, value.At(i, state));
        }

        return finish is null ? result : finish(result);
    }
}

/// <summary>if(condition, then, otherwise), element by element.</summary>
internal sealed class Choice(Node condition, Node then, Node otherwise)
    : Node(Math.Max(condition.Size, Math.Max(then.Size, otherwise.Size)))
{
    public override double At(int index, TaskState state) =>
        Spread(Spread(condition, index, state) != 0 ? then : otherwise, index, state);
}

/// <summary>The functions of the language by name.</summary>
internal static class Functions
{
    public static IReadOnlyDictionary<string, Func<double, double>> Unary { get; } = new Dictionary<string, Func<double, double>>
    {
        ["abs"] = Math.Abs,
        ["sqrt"] = Math.Sqrt,
        ["sin"] = Math.Sin,
        ["cos"] = Math.Cos,
        ["tan"] = Math.Tan,
        ["asin"] = Math.Asin,
        ["acos"] = Math.Acos,
        ["tanh"] = Math.Tanh,
        ["exp"] = Math.Exp,
        ["log"] = Math.Log,
        ["sign"] = value => value > 0 ? 1 : value < 0 ? -1 : value,
    };

    /// <summary>Two values, or more from left to right where that means something.</summary>
    public static IReadOnlyDictionary<string, Func<double, double, double>> Binary { get; } =
        new Dictionary<string, Func<double, double, double>>
        {
            ["min"] = Math.Min,
            ["max"] = Math.Max,
            ["atan2"] = Math.Atan2,
        };

    public static IReadOnlyDictionary<string, Func<double, double, double>> Operators { get; } =
        new Dictionary<string, Func<double, double, double>>
        {
            ["+"] = (a, b) => a + b,
            ["-"] = (a, b) => a - b,
            ["*"] = (a, b) => a * b,
            ["/"] = (a, b) => a / b,
            ["^"] = Math.Pow,
            ["=="] = (a, b) => Truth(a == b),
            ["!="] = (a, b) => Truth(a != b),
            ["<"] = (a, b) => Truth(a < b),
            ["<="] = (a, b) => Truth(a <= b),
            [">"] = (a, b) => Truth(a > b),
            [">="] = (a, b) => Truth(a >= b),
            ["and"] = (a, b) => Truth(a != 0 && b != 0),
            ["or"] = (a, b) => Truth(a != 0 || b != 0),
        };

    /// <summary>One number of a vector.</summary>
    public static IReadOnlyDictionary<string, Func<Node, Node>> Reductions { get; } = new Dictionary<string, Func<Node, Node>>
    {
        ["sum"] = value => new Reduction((a, b) => a + b, 0, value),
        ["mean"] = value => new Reduction((a, b) => a + b, 0, value, total => total / value.Size),
        ["norm"] = value => new Reduction((a, b) => a + (b * b), 0, value, Math.Sqrt),
        ["all"] = value => new Reduction((a, b) => Truth(a != 0 && b != 0), 1, value),
        ["any"] = value => new Reduction((a, b) => Truth(a != 0 || b != 0), 0, value),
        ["min"] = value => new Reduction(Math.Min, double.PositiveInfinity, value),
        ["max"] = value => new Reduction(Math.Max, double.NegativeInfinity, value),
    };

    /// <summary>Functions with rules of their own.</summary>
    public static IReadOnlyList<string> Special { get; } = ["clip", "dot", "if", "tolerance", "before", "uniform", "normal"];

    public static IEnumerable<string> Names { get; } =
        [.. Unary.Keys.Concat(Binary.Keys).Concat(Reductions.Keys).Concat(Special).Distinct()];

    public static double Truth(bool value) => value ? 1 : 0;
}
