using Rapid.Core;
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

    /// <summary>Takes up the first observation of a game of environment i that is played again.</summary>
    public abstract void BeginAgain(int i);

    /// <summary>Takes up what that environment shows after the game's next step.</summary>
    /// <param name="ended">The step ended an episode, though not the game.</param>
    public abstract void ObserveAgain(bool ended);

    /// <summary>That game is where the policy goes on: step 0 of the next block.</summary>
    public abstract void EndAgain();

    /// <summary>[N, inputs], what the policy's network takes at step t; good until the next call.</summary>
    public abstract ReadOnlySpan<float> Inputs(int t);

    /// <summary>Adds the columns of what was seen.</summary>
    public abstract void Pack(Trajectory block);

    /// <inheritdoc/>
    public abstract void Dispose();
}
