namespace Rapid.Environments;

/// <summary>What observations or actions look like.</summary>
public abstract record Space;

/// <summary>Real vectors within per-element bounds, which may be infinite.</summary>
/// <param name="Low">[size].</param>
/// <param name="High">[size].</param>
public sealed record BoxSpace(IReadOnlyList<float> Low, IReadOnlyList<float> High) : Space
{
    /// <summary>Number of elements.</summary>
    public int Size => Low.Count;

    /// <summary>A box with the same bounds for all elements.</summary>
    public static BoxSpace Uniform(int size, float low, float high) =>
        new([.. Enumerable.Repeat(low, size)], [.. Enumerable.Repeat(high, size)]);

    /// <summary>A box without bounds.</summary>
    public static BoxSpace Unbounded(int size) => Uniform(size, float.NegativeInfinity, float.PositiveInfinity);

    /// <inheritdoc/>
    public override string ToString() =>
        Low.Distinct().Count() == 1 && High.Distinct().Count() == 1 ? $"box [{Low[0]}, {High[0]}] x {Size}" : $"box x {Size}";
}

/// <summary>One of <paramref name="Count"/> choices, 0..Count-1.</summary>
/// <param name="Count">Number of choices.</param>
public sealed record DiscreteSpace(int Count) : Space
{
    /// <inheritdoc/>
    public override string ToString() => $"discrete {Count}";
}
