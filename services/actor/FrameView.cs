using System.Runtime.InteropServices;
using Rapid.Environments;
using Rapid.Policies;
using Rapid.Policies.Frames;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>Stacks of frames. A block holds every frame once.</summary>
internal sealed class FrameView(EnvironmentBlock environments, FrameSpace space, PolicyLayout layout, int threads) : PolicyView
{
    private readonly FrameInputs _inputs = new(layout, environments.Count, environments.Steps, threads);
    private bool _isStarted;

    private FrameBuffer Frames => _inputs.Buffer;

    /// <inheritdoc/>
    public override void Begin(PolicySnapshot snapshot)
    {
        _inputs.Load(MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span));

        // After a block that was given up, what the environments showed last is not in the buffer.
        if (_isStarted && Frames.Step == environments.Steps)
        {
            Frames.Rewind();
        }
        else
        {
            Frames.Start(environments.Observations);
        }

        _isStarted = true;
    }

    /// <inheritdoc/>
    public override void Observe(int t) => Frames.Add(environments.Observations, environments.Ended(t - 1));

    /// <inheritdoc/>
    public override ReadOnlySpan<float> Inputs(int t) => _inputs.At(t);

    /// <inheritdoc/>
    public override void Pack(Trajectory block)
    {
        block.Add(TrajectoryColumns.Observations, Frames.Frames, environments.Steps + 1, environments.Count, space.Size);
        if (space.Stack > 1)
        {
            block.Add(TrajectoryColumns.FrameHistory, Frames.History, space.Stack - 1, environments.Count, space.Size);
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _inputs.Dispose();
}
