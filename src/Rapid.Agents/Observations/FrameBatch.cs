using Rapid.Core;
using Rapid.Policies.Frames;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using static TorchSharp.torch;

namespace Rapid.Agents.Observations;

/// <summary>Stacks of frames. Every frame is stored once, as in the blocks; an observation is a list of frames until it is gathered, then
/// [stack, height, width] bytes.</summary>
/// <param name="space">Size of frames and stacks.</param>
internal sealed class FrameBatch(FrameSpace space) : ObservationBatch
{
    private readonly int _pixels = space.Size;
    private byte[] _frames = [];
    private int[] _planes = []; // [rows, stack], numbers of frames or FrameStack.Blank
    private int[] _ages = [];
    private int _frameCount, _planeCount;

    /// <inheritdoc/>
    public override int Width => space.Stack * _pixels;

    /// <inheritdoc/>
    public override ScalarType Type => ScalarType.Byte;

    /// <inheritdoc/>
    public override void Clear() => (_frameCount, _planeCount) = (0, 0);

    /// <inheritdoc/>
    public override void Append(Trajectory block)
    {
        var (steps, environments) = ((int)block.Steps, (int)block.Environments);
        ReadOnlySpan<byte> history = HistoryOf(block), frames = FramesOf(block);
        Age(block);
        var wanted = frames[..(steps * environments * _pixels)];
        Growing.Ensure(ref _frames, _frameCount * _pixels, history.Length + wanted.Length);
        history.CopyTo(_frames.AsSpan(_frameCount * _pixels));
        wanted.CopyTo(_frames.AsSpan(_frameCount * _pixels + history.Length));
        Growing.Ensure(ref _planes, _planeCount, steps * environments * space.Stack);
        for (var row = 0; row < steps * environments; row++)
        {
            for (var plane = 0; plane < space.Stack; plane++)
            {
                var back = FrameStack.StepsBack(space, _ages[row], plane);
                _planes[_planeCount++] =
                    back == FrameStack.Blank ? back : _frameCount + (space.Stack - 1 - back) * environments + row;
            }
        }

        _frameCount += (space.Stack - 1 + steps) * environments;
    }

    /// <inheritdoc/>
    public override void Gather(ReadOnlySpan<int> rows, Span<byte> target)
    {
        foreach (var row in rows)
        {
            foreach (var frame in _planes.AsSpan(row * space.Stack, space.Stack))
            {
                Put(frame == FrameStack.Blank ? default : _frames.AsSpan(frame * _pixels, _pixels), ref target);
            }
        }
    }

    /// <inheritdoc/>
    public override void Copy(Trajectory block, Span<byte> target)
    {
        var environments = (int)block.Environments;
        ReadOnlySpan<byte> history = HistoryOf(block), frames = FramesOf(block);
        Age(block);
        for (var row = 0; target.Length > 0; row++)
        {
            for (var plane = 0; plane < space.Stack; plane++)
            {
                Put(FrameAt(row, FrameStack.StepsBack(space, _ages[row], plane), environments, history, frames), ref target);
            }
        }
    }

    /// <inheritdoc/>
    public override void CopyFinals(Trajectory block, Span<byte> target)
    {
        var environments = (int)block.Environments;
        ReadOnlySpan<byte> history = HistoryOf(block), frames = FramesOf(block);
        Age(block);
        var finals = block.Bytes(TrajectoryColumns.FinalObservations, target.Length / Width, _pixels);
        var truncated = block.Bytes(TrajectoryColumns.Truncated, (int)block.Steps, environments);
        for (var row = 0; target.Length > 0; row++)
        {
            if (truncated[row] == 0)
            {
                continue;
            }

            // The stack that would have followed had the episode gone on.
            var age = FrameStack.Next(space, _ages[row], ended: false);
            for (var plane = 0; plane < space.Stack; plane++)
            {
                var back = FrameStack.StepsBack(space, age, plane);
                Put(
                    back == 0 ? finals[.._pixels]
                        : FrameAt(row, back == FrameStack.Blank ? back : back - 1, environments, history, frames),
                    ref target);
            }

            finals = finals[_pixels..];
        }
    }

    /// <summary>Copies a frame, black where it is empty, and goes on behind it.</summary>
    private void Put(ReadOnlySpan<byte> frame, ref Span<byte> target)
    {
        if (frame.IsEmpty)
        {
            target[.._pixels].Clear();
        }
        else
        {
            frame.CopyTo(target);
        }

        target = target[_pixels..];
    }

    /// <summary>A frame that an observation of the block is made of; empty for a blank one.</summary>
    private ReadOnlySpan<byte> FrameAt(int row, int back, int environments, ReadOnlySpan<byte> history, ReadOnlySpan<byte> frames)
    {
        if (back == FrameStack.Blank)
        {
            return default;
        }

        var frame = row - back * environments;
        return frame >= 0
            ? frames.Slice(frame * _pixels, _pixels)
            : history.Slice(history.Length + frame * _pixels, _pixels);
    }

    private ReadOnlySpan<byte> FramesOf(Trajectory block) =>
        block.Bytes(TrajectoryColumns.Observations, (int)block.Steps + 1, (int)block.Environments, _pixels);

    private ReadOnlySpan<byte> HistoryOf(Trajectory block) => space.Stack == 1
        ? default
        : block.Bytes(TrajectoryColumns.FrameHistory, space.Stack - 1, (int)block.Environments, _pixels);

    /// <summary>Ages of all observations of the block. Before step 0 the history is padded already.</summary>
    private void Age(Trajectory block)
    {
        var (steps, environments) = ((int)block.Steps, (int)block.Environments);
        var terminated = block.Bytes(TrajectoryColumns.Terminated, steps, environments);
        var truncated = block.Bytes(TrajectoryColumns.Truncated, steps, environments);
        Growing.Ensure(ref _ages, 0, (steps + 1) * environments);
        _ages.AsSpan(0, environments).Fill(space.Stack - 1);
        for (var row = 0; row < steps * environments; row++)
        {
            _ages[row + environments] = FrameStack.Next(space, _ages[row], (terminated[row] | truncated[row]) != 0);
        }
    }
}
