using Rapid.Core;
using Rapid.Environments.Rendering;

namespace Rapid.Environments;

/// <summary>What one step brought.</summary>
/// <param name="Reward">What is learned from.</param>
/// <param name="Terminated">The episode is over for good: there is no next state to value.</param>
/// <param name="Truncated">The episode was cut, by a time limit or a breakdown: the state after it might have gone on.</param>
public readonly record struct StepResult(double Reward, bool Terminated, bool Truncated = false)
{
    /// <summary>Why the simulation broke down; null when all is well. Where it did, neither reward nor observation means anything, and
    /// nothing may be learned from this step.</summary>
    public string? Breakdown { get; init; }

    /// <summary>What counts for the score where <see cref="Reward"/> is clipped.</summary>
    public double RawReward { get; init; } = Reward;

    /// <summary>What ended is an episode for learning alone, as when a life is lost: the game and its score go on.</summary>
    public bool GameGoesOn { get; init; }

    /// <summary>The episode is over because its simulation broke down.</summary>
    /// <param name="reason">In words for people, the simulator's own where it has some.</param>
    public static StepResult Broken(string reason) => new(0, Terminated: false, Truncated: true) { Breakdown = reason };
}

/// <summary>One environment. Not thread-safe; deterministic for a seed and the actions, so that a game can be played again.</summary>
public interface IEnvironment : IDisposable
{
    /// <summary>A <see cref="BoxSpace"/> or a <see cref="FrameSpace"/>.</summary>
    Space ObservationSpace { get; }

    /// <summary>A <see cref="BoxSpace"/> or a <see cref="DiscreteSpace"/>.</summary>
    Space ActionSpace { get; }

    /// <summary>What shows it, or null where nothing does.</summary>
    IRenderable? Renderable => this as IRenderable;

    /// <summary>What one game leaves to the next, or null where nothing does: then a game is what its random stream and its actions made of
    /// it, and nothing else.</summary>
    ICarryOver? CarryOver => this as ICarryOver;

    /// <summary>Starts an episode.</summary>
    /// <param name="random">Where the start state is drawn from.</param>
    /// <param name="observation">[obs], overwritten; of a <see cref="FrameSpace"/> the newest frame.</param>
    void Reset(RandomStream random, Span<float> observation);

    /// <summary>Does one action.</summary>
    /// <param name="action">[act]; a discrete action is its index.</param>
    /// <param name="observation">[obs], overwritten.</param>
    StepResult Step(ReadOnlySpan<float> action, Span<float> observation);
}
