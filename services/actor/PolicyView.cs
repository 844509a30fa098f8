using Rapid.Environments;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>What a policy sees of the environments of a slot, step by step, and what a block says of it.</summary>
internal abstract class PolicyView : IDisposable
{
    /// <summary>The view of an experiment's policy on the environments of a slot.</summary>
    public static PolicyView Create(ExperimentOptions options, EnvironmentBlock block, PolicyLayout layout) =>
        block.ObservationSpace is FrameSpace frames
            ? new FrameView(block, frames, layout, options.Actors.Threads)
            : new VectorView(block, options.Normalization);

    /// <summary>Begins a block with this moment as step 0.</summary>
    public abstract void Begin(PolicySnapshot snapshot);

    /// <summary>Takes up what the environments show after step <paramref name="t"/> - 1.</summary>
    public abstract void Observe(int t);

    /// <summary>[N, inputs], what the policy's network takes at step t; good until the next call.</summary>
    public abstract ReadOnlySpan<float> Inputs(int t);

    /// <summary>Adds the columns of what was seen.</summary>
    public abstract void Pack(Trajectory block);

    /// <inheritdoc/>
    public abstract void Dispose();
}
