using System.Runtime.InteropServices;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Policies.Frames;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>Stacks of frames. A block holds every frame once.</summary>
internal sealed class FrameView(EnvironmentBlock environments, FrameSpace space, PolicyLayout layout, int threads) : PolicyView
{
    private const int StepsAgain = 64;

    private readonly FrameInputs _inputs = new(layout, environments.Count, environments.Steps, threads);
    private FrameBuffer? _again; // one environment, whose game is played again
    private int _environment;
    private bool _isStarted, _goesOn;

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
        else if (!_goesOn)
        {
            Frames.Start(environments.Observations);
        }

        (_isStarted, _goesOn) = (true, false);
    }

    /// <inheritdoc/>
    public override void BeginAgain(int i)
    {
        _environment = i;
        _again ??= new FrameBuffer(space, 1, StepsAgain);
        _again.Start(Shown);
    }

    /// <inheritdoc/>
    public override void ObserveAgain(bool ended)
    {
        if (_again!.Step == StepsAgain)
        {
            _again.Rewind();
        }

        _again.Add(Shown, [ended ? (byte)1 : (byte)0]);
    }

    /// <inheritdoc/>
    public override void EndAgain()
    {
        _again!.Rewind();
        Frames.Adopt(_environment, _again);
        _goesOn = true;
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

    /// <summary>What the environment shows whose game is played again.</summary>
    private ReadOnlySpan<float> Shown => environments.Observations.Slice(_environment * space.Size, space.Size);
}
