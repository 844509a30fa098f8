namespace Rapid.Environments.Described;

/// <summary>
/// A node of a compiled expression: a vector of doubles of a size that is known when the file is read, a condition being 0 or 1. Elements
/// are asked for one at a time, so that nothing is stored between nodes and nothing is allocated. What draws random numbers draws one for
/// each time that it is asked.
/// </summary>
/// <param name="size">Elements.</param>
internal abstract class Node(int size)
{
    public int Size => size;

    /// <summary>Whether nothing can change it.</summary>
    public virtual bool IsConstant => false;

    /// <summary>Whether it is 0 or 1, whatever the state.</summary>
    public virtual bool IsCondition => false;

    /// <summary>One element.</summary>
    public abstract double At(int index, TaskState state);

    /// <summary>Writes all elements.</summary>
    public void CopyTo(Span<double> values, TaskState state)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Spread(this, i, state);
        }
    }

    /// <summary>Replaces what cannot change by its value.</summary>
    public Node Folded(params ReadOnlySpan<Node> parts)
    {
        foreach (var part in parts)
        {
            if (!part.IsConstant)
            {
                return this;
            }
        }

        var values = new double[Size];
        CopyTo(values, TaskState.None);
        return new Constant(values);
    }

    /// <summary>An element of a part whose single element stands for all.</summary>
    protected static double Spread(Node part, int index, TaskState state) => part.At(part.Size == 1 ? 0 : index, state);
}

internal sealed class Constant(params double[] values) : Node(values.Length)
{
    public override bool IsConstant => true;

    public double Value => values[0];

    public override double At(int index, TaskState state) => values[index];
}

/// <summary>Elements of an array of the simulation.</summary>
/// <param name="array">Which of the arrays that the task reads.</param>
/// <param name="name">Of the array in MuJoCo.</param>
/// <param name="offset">Of the first element.</param>
/// <param name="size">Elements.</param>
internal sealed class StateSlice(int array, string name, int offset, int size) : Node(size)
{
    /// <summary>"qpos", "qvel", "xpos", ...</summary>
    public string Array => name;

    public int Offset => offset;

    public StateSlice Part(int first, int count) => new(array, name, offset + first, count);

    public override double At(int index, TaskState state) => state.Arrays[array][offset + index];
}

/// <summary>Linear velocity of a point that moves with a body, in the world's frame; MuJoCo keeps that of the tree's mass centre.</summary>
internal sealed class PointVelocity(StateSlice spatial, StateSlice point, StateSlice center) : Node(3)
{
    public override double At(int index, TaskState state)
    {
        var (j, k) = ((index + 1) % 3, (index + 2) % 3);
        var turning = spatial.At(j, state) * (point.At(k, state) - center.At(k, state))
            - spatial.At(k, state) * (point.At(j, state) - center.At(j, state));
        return spatial.At(3 + index, state) + turning;
    }
}

/// <summary>What the policy wants, as it was given.</summary>
internal sealed class ActionValue(int size) : Node(size)
{
    public override double At(int index, TaskState state) => state.Action[index];
}

/// <summary>A value that is computed once a step or an episode: an option, a named value, what was before the step.</summary>
internal sealed class Slot(int start, int size) : Node(size)
{
    public int Start => start;

    public override double At(int index, TaskState state) => state.Values[start + index];
}

/// <summary>Seconds since the episode began.</summary>
internal sealed class Time() : Node(1)
{
    public override double At(int index, TaskState state) => state.Time;
}

/// <summary>Contacts that the simulation has found.</summary>
internal sealed class Contacts() : Node(1)
{
    public override double At(int index, TaskState state) => state.Simulation.ContactCount;
}

/// <summary>Elements of a value, from a number on.</summary>
internal sealed class Slice(Node value, int first, int size) : Node(size)
{
    public override bool IsCondition => value.IsCondition;

    public override double At(int index, TaskState state) => value.At(first + index, state);
}

/// <summary>Values one behind the other.</summary>
internal sealed class Sequence : Node
{
    private readonly (Node Part, int Index)[] _elements;

    public Sequence(IReadOnlyList<Node> parts)
        : base(parts.Sum(part => part.Size)) =>
        _elements = [.. parts.SelectMany(part => Enumerable.Range(0, part.Size).Select(i => (part, i)))];

    public override double At(int index, TaskState state)
    {
        var (part, inner) = _elements[index];
        return part.At(inner, state);
    }
}

/// <summary>A draw of its own for every element, and each time it is asked for.</summary>
internal sealed class UniformDraw(Node low, Node high) : Node(Math.Max(low.Size, high.Size))
{
    public override double At(int index, TaskState state) =>
        state.Random.NextUniform(Spread(low, index, state), Spread(high, index, state));
}

/// <summary>A draw of its own for every element, and each time it is asked for.</summary>
internal sealed class NormalDraw(Node deviation) : Node(deviation.Size)
{
    public override double At(int index, TaskState state) => deviation.At(index, state) * state.Random.NextNormal();
}
