namespace Rapid.Environments.Atari.Games;

/// <summary>Functions of one value.</summary>
internal sealed class Unary(string name, Expression operand) : Expression
{
    private readonly Kind _kind = Kinds[name];

    private static readonly Dictionary<string, Kind> Kinds = new()
    {
        ["-"] = Kind.Negate,
        ["not"] = Kind.Not,
        ["lo"] = Kind.Low,
        ["hi"] = Kind.High,
        ["s8"] = Kind.Signed,
        ["u8"] = Kind.Unsigned,
        ["abs"] = Kind.Magnitude,
    };

    private enum Kind
    {
        Negate,
        Not,
        Low,
        High,
        Signed,
        Unsigned,
        Magnitude,
    }

    public override int Evaluate(in Frame frame)
    {
        var value = operand.Evaluate(frame);
        return _kind switch
        {
            Kind.Negate => -value,
            Kind.Not => Truth(value == 0),
            Kind.Low => value & 15,
            Kind.High => (value >> 4) & 15,
            Kind.Signed => (sbyte)value,
            Kind.Unsigned => (byte)value,
            _ => value < 0 ? -value : value,
        };
    }
}

/// <summary>Operators and functions of two values.</summary>
internal sealed class Binary(string name, Expression left, Expression right) : Expression
{
    private readonly Kind _kind = Kinds[name];

    // Most right sides are numbers, which need not be asked.
    private readonly bool _isRightFixed = right.Constant.HasValue;
    private readonly int _fixedRight = right.Constant ?? 0;

    private static readonly Dictionary<string, Kind> Kinds = new()
    {
        ["=="] = Kind.Equal,
        ["!="] = Kind.Unequal,
        ["<"] = Kind.Less,
        ["<="] = Kind.LessOrEqual,
        [">"] = Kind.Greater,
        [">="] = Kind.GreaterOrEqual,
        ["|"] = Kind.Or,
        ["^"] = Kind.Xor,
        ["&"] = Kind.And,
        ["<<"] = Kind.ShiftLeft,
        [">>"] = Kind.ShiftRight,
        ["+"] = Kind.Add,
        ["-"] = Kind.Subtract,
        ["*"] = Kind.Multiply,
        ["/"] = Kind.Divide,
        ["%"] = Kind.Remainder,
        ["min"] = Kind.Minimum,
        ["max"] = Kind.Maximum,
        ["bit"] = Kind.Bit,
    };

    private enum Kind
    {
        Equal,
        Unequal,
        Less,
        LessOrEqual,
        Greater,
        GreaterOrEqual,
        Or,
        Xor,
        And,
        ShiftLeft,
        ShiftRight,
        Add,
        Subtract,
        Multiply,
        Divide,
        Remainder,
        Minimum,
        Maximum,
        Bit,
    }

    public override bool IsCondition => _kind <= Kind.GreaterOrEqual;

    public override int Evaluate(in Frame frame)
    {
        var a = left.Evaluate(frame);
        var b = _isRightFixed ? _fixedRight : right.Evaluate(frame);
        return _kind switch
        {
            Kind.Equal => Truth(a == b),
            Kind.Unequal => Truth(a != b),
            Kind.Less => Truth(a < b),
            Kind.LessOrEqual => Truth(a <= b),
            Kind.Greater => Truth(a > b),
            Kind.GreaterOrEqual => Truth(a >= b),
            Kind.Or => a | b,
            Kind.Xor => a ^ b,
            Kind.And => a & b,
            Kind.ShiftLeft => a << b,
            Kind.ShiftRight => a >> b,
            Kind.Add => a + b,
            Kind.Subtract => a - b,
            Kind.Multiply => a * b,
            // In 64 bits, for the one quotient of 32-bit integers that is none; nothing is divided by 0.
            Kind.Divide => b == 0 ? 0 : (int)((long)a / b),
            Kind.Remainder => b == 0 ? 0 : (int)((long)a % b),
            Kind.Minimum => Math.Min(a, b),
            Kind.Maximum => Math.Max(a, b),
            _ => (a >> b) & 1,
        };
    }
}
