namespace Rapid.Environments.Atari.Games;

/// <summary>What an expression is evaluated on.</summary>
/// <param name="ram">[128], $80..$FF.</param>
/// <param name="now">[variables].</param>
/// <param name="last">[variables], as they were after the frame before.</param>
/// <param name="memory">For bytes of the bus.</param>
/// <param name="mode">The mode being selected.</param>
internal readonly ref struct Frame(ReadOnlySpan<byte> ram, ReadOnlySpan<int> now, ReadOnlySpan<int> last, IGameMemory memory, int mode = 0)
{
    public readonly ReadOnlySpan<byte> Ram = ram;
    public readonly ReadOnlySpan<int> Now = now;
    public readonly ReadOnlySpan<int> Last = last;
    public readonly IGameMemory Memory = memory;
    public readonly int Mode = mode;
}

/// <summary>
/// A node of a compiled expression: 32-bit integers, a condition being 0 or 1. Evaluation allocates nothing and never throws.
/// </summary>
internal abstract class Expression
{
    /// <summary>Its value, if nothing can change it.</summary>
    public virtual int? Constant => null;

    /// <summary>Whether it is 0 or 1, whatever the memory says.</summary>
    public virtual bool IsCondition => false;

    public abstract int Evaluate(in Frame frame);

    /// <summary>Replaces what cannot change by its value.</summary>
    public Expression Folded(params ReadOnlySpan<Expression> parts)
    {
        foreach (var part in parts)
        {
            if (part.Constant is null)
            {
                return this;
            }
        }

        return new Number(Evaluate(default));
    }

    public static int Truth(bool value) => value ? 1 : 0;

    /// <summary>Two decimal digits, without a check that they are: 10 * high + low.</summary>
    public static int Decimal(int value) => (10 * ((value >> 4) & 15)) + (value & 15);
}

internal sealed class Number(int value) : Expression
{
    public override int? Constant => value;

    public override int Evaluate(in Frame frame) => value;
}

/// <summary>$80..$FF.</summary>
internal sealed class RamByte(int index) : Expression
{
    /// <summary>0..127.</summary>
    public int Index => index;

    public override int Evaluate(in Frame frame) => frame.Ram[index];
}

/// <summary>ram(address) with an address that changes; what is outside of $80..$FF mirrors it.</summary>
internal sealed class RamAt(Expression address) : Expression
{
    public override int Evaluate(in Frame frame) => frame.Ram[address.Evaluate(frame) & 0x7F];
}

internal sealed class BusByte(int address) : Expression
{
    public override int Evaluate(in Frame frame) => frame.Memory.Peek((ushort)address);
}

internal sealed class Variable(int slot) : Expression
{
    public override int Evaluate(in Frame frame) => frame.Now[slot];
}

internal sealed class LastVariable(int slot) : Expression
{
    public override int Evaluate(in Frame frame) => frame.Last[slot];
}

internal sealed class Mode : Expression
{
    public override int Evaluate(in Frame frame) => frame.Mode;
}

/// <summary>random(n): 0..n-1 from the environment's generator. Only scripts have one.</summary>
internal sealed class RandomBelow(int count) : Expression
{
    public override int Evaluate(in Frame frame) => (int)(((IGameControls)frame.Memory).NextRandom() % (uint)count);
}

/// <summary>Digits of bytes of memory, the lowest first.</summary>
internal sealed class RamDecimal(int[] indices) : Expression
{
    public override int Evaluate(in Frame frame)
    {
        var sum = 0;
        for (var i = indices.Length - 1; i >= 0; i--)
        {
            sum = (100 * sum) + Decimal(frame.Ram[indices[i]]);
        }

        return sum;
    }
}

/// <summary>Digits of any bytes, the lowest first.</summary>
internal sealed class DecimalOf(Expression[] bytes) : Expression
{
    public override int Evaluate(in Frame frame)
    {
        var sum = 0;
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            sum = (100 * sum) + Decimal(bytes[i].Evaluate(frame));
        }

        return sum;
    }
}

internal sealed class Sum(Expression[] terms) : Expression
{
    public override int Evaluate(in Frame frame)
    {
        var sum = 0;
        foreach (var term in terms)
        {
            sum += term.Evaluate(frame);
        }

        return sum;
    }
}

internal sealed class Choice(Expression condition, Expression then, Expression otherwise) : Expression
{
    public override int Evaluate(in Frame frame) => condition.Evaluate(frame) != 0 ? then.Evaluate(frame) : otherwise.Evaluate(frame);
}

/// <summary>pick(i, a, b, ...); an index outside takes the nearest.</summary>
internal sealed class Pick(Expression index, Expression[] values) : Expression
{
    public override int Evaluate(in Frame frame) => values[Math.Clamp(index.Evaluate(frame), 0, values.Length - 1)].Evaluate(frame);
}

internal sealed class Logical(Expression left, Expression right, bool isAnd) : Expression
{
    public override bool IsCondition => true;

    public override int Evaluate(in Frame frame) =>
        Truth(isAnd ? left.Evaluate(frame) != 0 && right.Evaluate(frame) != 0 : left.Evaluate(frame) != 0 || right.Evaluate(frame) != 0);
}
