namespace Rapid.Environments.Atari.Pixels;

/// <summary>What the older frames of a stack are after a reset.</summary>
public enum StackReset
{
    /// <summary>Black, as wrappers around vector environments do.</summary>
    Zeros,

    /// <summary>The first frame, as wrappers around one environment do.</summary>
    RepeatFirst,
}

/// <summary>The last few frames of one environment, in a ring.</summary>
public sealed class FrameStack
{
    private readonly byte[] _ring;
    private int _oldest;

    /// <summary>A stack of black frames.</summary>
    /// <param name="frames">How many; at least 1.</param>
    /// <param name="frameSize">Bytes of a frame, for example 84 * 84.</param>
    /// <param name="reset">What <see cref="Reset"/> leaves behind the first frame.</param>
    public FrameStack(int frames, int frameSize, StackReset reset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frames, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(frameSize, 1);
        (Frames, FrameSize, ResetRule) = (frames, frameSize, reset);
        _ring = new byte[frames * frameSize];
    }

    /// <summary>Number of frames.</summary>
    public int Frames { get; }

    /// <summary>Bytes of a frame.</summary>
    public int FrameSize { get; }

    /// <summary>What <see cref="Reset"/> leaves behind the first frame.</summary>
    public StackReset ResetRule { get; }

    /// <summary>Starts an episode.</summary>
    /// <param name="first">[frame size].</param>
    public void Reset(ReadOnlySpan<byte> first)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(first.Length, FrameSize);
        Array.Clear(_ring);
        var copies = ResetRule == StackReset.Zeros ? 1 : Frames;
        for (var i = 0; i < copies; i++)
        {
            first.CopyTo(Next());
        }
    }

    /// <summary>Drops the oldest frame.</summary>
    /// <returns>[frame size], where the caller writes the newest one.</returns>
    public Span<byte> Next()
    {
        var slot = _ring.AsSpan(_oldest * FrameSize, FrameSize);
        _oldest = _oldest + 1 == Frames ? 0 : _oldest + 1;
        return slot;
    }

    /// <summary>Writes the frames, oldest first.</summary>
    /// <param name="destination">[frames, frame size], overwritten.</param>
    public void CopyTo(Span<byte> destination)
    {
        var split = _oldest * FrameSize;
        _ring.AsSpan(split).CopyTo(destination);
        _ring.AsSpan(0, split).CopyTo(destination[(_ring.Length - split)..]);
    }
}
