namespace Rapid.Environments;

/// <summary>What one step brought.</summary>
/// <param name="Reward">Raw reward.</param>
/// <param name="Terminated">The episode is over for good: there is no next state to value.</param>
/// <param name="Truncated">The episode was cut, by a time limit: the state after it still has a value.</param>
/// <param name="Diverged">The simulation broke down; the observation means nothing and nothing may be learned from it.</param>
public readonly record struct StepResult(double Reward, bool Terminated, bool Truncated = false, bool Diverged = false);

/// <summary>One environment. Not thread-safe; deterministic for a seed and the actions.</summary>
public interface IEnvironment : IDisposable
{
    /// <summary>Always a <see cref="BoxSpace"/> today.</summary>
    Space ObservationSpace { get; }

    /// <summary>A <see cref="BoxSpace"/> or a <see cref="DiscreteSpace"/>.</summary>
    Space ActionSpace { get; }

    /// <summary>Starts an episode.</summary>
    /// <param name="random">Where the start state is drawn from.</param>
    /// <param name="observation">[obs], overwritten.</param>
    void Reset(RandomStream random, Span<float> observation);

    /// <summary>Does one action.</summary>
    /// <param name="action">[act]; a discrete action is its index.</param>
    /// <param name="observation">[obs], overwritten.</param>
    StepResult Step(ReadOnlySpan<float> action, Span<float> observation);
}
