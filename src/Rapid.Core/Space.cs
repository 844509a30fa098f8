namespace Rapid.Core;

/// <summary>What observations or actions look like.</summary>
public abstract record Space
{
    /// <summary>Numbers that an observation or an action of this kind is made of.</summary>
    public abstract int Size { get; }
}

/// <summary>Real vectors within per-element bounds, which may be infinite.</summary>
/// <param name="Low">[size].</param>
/// <param name="High">[size].</param>
public sealed record BoxSpace(IReadOnlyList<float> Low, IReadOnlyList<float> High) : Space
{
    /// <inheritdoc/>
    public override int Size => Low.Count;

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
    public override int Size => 1;

    /// <inheritdoc/>
    public override string ToString() => $"discrete {Count}";
}

/// <summary>What stands for the frames before an episode's first one.</summary>
public enum StackPadding
{
    /// <summary>Black frames.</summary>
    Zeros,
    /// <summary>The first frame.</summary>
    FirstFrame,
}

/// <summary>
/// Frames of whole numbers 0..255, grey or in colour. An environment shows the newest one; a policy sees the newest few as one observation,
/// which whoever runs the environment stacks, so that a frame is stored and sent once.
/// </summary>
/// <param name="Height">Rows of pixels.</param>
/// <param name="Width">Pixels of a row.</param>
/// <param name="Stack">Frames that a policy sees at once.</param>
/// <param name="Padding">What a policy sees in place of frames before the episode.</param>
/// <param name="Channels">Planes of a frame, one after the other: 1 of grey, 3 of red, green and blue.</param>
public sealed record FrameSpace(int Height, int Width, int Stack, StackPadding Padding = StackPadding.Zeros, int Channels = 1) : Space
{
    /// <summary>Numbers of one frame, [channels, height, width].</summary>
    public override int Size => Channels * PlaneSize;

    /// <summary>Pixels of one plane of a frame.</summary>
    public int PlaneSize => Height * Width;

    /// <summary>Planes that a policy sees at once: those of its oldest frame first.</summary>
    public int Planes => Stack * Channels;

    /// <inheritdoc/>
    public override string ToString() => $"{Stack} {(Channels > 1 ? "colour " : "")}frames of {Height} x {Width} pixels";
}
