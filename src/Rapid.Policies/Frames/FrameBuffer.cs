using System.Runtime.InteropServices;
using Rapid.Core;

namespace Rapid.Policies.Frames;

/// <summary>
/// The frames of N environments over some steps, each stored once, and the stacks that a policy sees at each step as addresses of frames.
/// The memory is laid out as blocks of trajectories are: first what the policy saw before step 0, [stack - 1, N, pixels], then the steps,
/// [steps + 1, N, pixels]. Not thread-safe; allocates nothing after construction.
/// </summary>
public sealed class FrameBuffer
{
    private readonly FrameSpace _space;
    private readonly int _environments, _row;
    private readonly byte[] _frames; // pinned, so that addresses hold
    private readonly byte[] _blank;
    private readonly int[] _ages;
    private readonly nint[] _planes;

    /// <param name="space">Size of frames and stacks.</param>
    /// <param name="environments">N.</param>
    /// <param name="steps">Steps that fit before <see cref="Rewind"/>.</param>
    public FrameBuffer(FrameSpace space, int environments, int steps)
    {
        ArgumentNullException.ThrowIfNull(space);
        (_space, _environments, Steps) = (space, environments, steps);
        _row = environments * space.Size;
        _frames = GC.AllocateArray<byte>(checked((space.Stack + steps) * _row), pinned: true);
        _blank = GC.AllocateArray<byte>(space.Size, pinned: true);
        _ages = new int[(steps + 1) * environments];
        _planes = new nint[environments * space.Planes];
    }

    /// <summary>Steps that fit.</summary>
    public int Steps { get; }

    /// <summary>The step whose frames were added last.</summary>
    public int Step { get; private set; }

    /// <summary>[stack - 1, N, pixels], what the policy saw before step 0, oldest first, padded.</summary>
    public ReadOnlySpan<byte> History => _frames.AsSpan(0, (_space.Stack - 1) * _row);

    /// <summary>[<see cref="Step"/> + 1, N, pixels].</summary>
    public ReadOnlySpan<byte> Frames => _frames.AsSpan((_space.Stack - 1) * _row, (Step + 1) * _row);

    /// <summary>Begins with the first frames of N episodes.</summary>
    /// <param name="frames">[N, pixels], whole numbers 0..255.</param>
    public void Start(ReadOnlySpan<float> frames)
    {
        Step = 0;
        Bytes(frames, RowOf(0));
        for (var back = 1; back < _space.Stack; back++)
        {
            if (_space.Padding == StackPadding.Zeros)
            {
                RowOf(-back).Clear();
            }
            else
            {
                RowOf(0).CopyTo(RowOf(-back));
            }
        }

        // What is padding lies in memory from here on, as if it had been seen.
        _ages.AsSpan(0, _environments).Fill(_space.Stack - 1);
    }

    /// <summary>Adds the frames after a step.</summary>
    /// <param name="frames">[N, pixels], whole numbers 0..255.</param>
    /// <param name="ended">[N], 1 where the step ended an episode, so that the frame is the first of the next.</param>
    /// <exception cref="InvalidOperationException">The buffer is full.</exception>
    public void Add(ReadOnlySpan<float> frames, ReadOnlySpan<byte> ended)
    {
        if (Step == Steps)
        {
            throw new InvalidOperationException($"the buffer holds {Steps} steps; rewind it first");
        }

        Step++;
        Bytes(frames, RowOf(Step));
        for (var i = 0; i < _environments; i++)
        {
            _ages[Step * _environments + i] = FrameStack.Next(_space, _ages[(Step - 1) * _environments + i], ended[i] != 0);
        }
    }

    /// <summary>Begins again with the newest frames as step 0 and what the policy saw before them as its history.</summary>
    public void Rewind()
    {
        // From the oldest plane on: what is read lies behind what is written, and only in front of it when nothing moves.
        for (var plane = 0; plane < _space.Stack; plane++)
        {
            for (var i = 0; i < _environments; i++)
            {
                var back = FrameStack.StepsBack(_space, _ages[Step * _environments + i], plane);
                var target = FrameOf(plane - (_space.Stack - 1), i);
                if (back == FrameStack.Blank)
                {
                    target.Clear();
                }
                else
                {
                    FrameOf(Step - back, i).CopyTo(target);
                }
            }
        }

        Step = 0;
        _ages.AsSpan(0, _environments).Fill(_space.Stack - 1);
    }

    /// <summary>Takes over step 0 of another buffer with one environment, and what the policy saw before it, as step 0 of environment
    /// i.</summary>
    /// <param name="environment">i.</param>
    /// <param name="other">Of frames and stacks of the same size, at step 0.</param>
    public void Adopt(int environment, FrameBuffer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var back = 0; back < _space.Stack; back++)
        {
            other.FrameOf(-back, 0).CopyTo(FrameOf(-back, environment));
        }

        Step = 0;
        _ages[environment] = _space.Stack - 1;
    }

    /// <summary>[N, stack, channels] addresses of the planes of the frames that the policy sees at a step, oldest first; good until the
    /// next call.</summary>
    public ReadOnlySpan<nint> Planes(int step)
    {
        var plane = 0;
        for (var i = 0; i < _environments; i++)
        {
            for (var frame = 0; frame < _space.Stack; frame++)
            {
                var back = FrameStack.StepsBack(_space, _ages[step * _environments + i], frame);
                var address = back == FrameStack.Blank ? Address(_blank) : Address(FrameOf(step - back, i));
                for (var channel = 0; channel < _space.Channels; channel++)
                {
                    _planes[plane++] = address + channel * _space.PlaneSize;
                }
            }
        }

        return _planes;
    }

    private static unsafe nint Address(ReadOnlySpan<byte> pinned) =>
        (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(pinned));

    private Span<byte> RowOf(int step) => _frames.AsSpan((_space.Stack - 1 + step) * _row, _row);

    private Span<byte> FrameOf(int step, int environment) => RowOf(step).Slice(environment * _space.Size, _space.Size);

    private static void Bytes(ReadOnlySpan<float> values, Span<byte> bytes) =>
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(values, bytes);
}
