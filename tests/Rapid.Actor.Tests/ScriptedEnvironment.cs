using Rapid.Core;
using Rapid.Environments;

namespace Rapid.Actor.Tests;

/// <summary>What goes wrong at one step.</summary>
public enum Fault
{
    NaNObservation,
    InfiniteObservation,
    NaNReward,
    InfiniteReward,
    Breakdown,
}

/// <summary>
/// Observes [index, episode, step, first action], so that every number says where it comes from. Even indices die after
/// <paramref name="length"/> steps, odd ones are cut one step later.
/// </summary>
/// <param name="index">Which one of the vector.</param>
/// <param name="length">Steps of an episode.</param>
/// <param name="discrete">Three choices, or a box [-1, 1] x 2.</param>
/// <param name="faultAt">Step of the first episode at which it breaks; 0 is never.</param>
internal sealed class ScriptedEnvironment(int index, int length, bool discrete = false, int faultAt = 0, Fault fault = default)
    : IEnvironment
{
    public const int ObservationSize = 4;

    /// <summary>Why <see cref="Fault.Breakdown"/> happens.</summary>
    public const string Reason = "the script said so at 1";

    private int _episode, _step;

    public Space ObservationSpace { get; } = BoxSpace.Unbounded(ObservationSize);

    public Space ActionSpace { get; } = discrete ? new DiscreteSpace(3) : BoxSpace.Uniform(2, -1, 1);

    /// <summary>Makes environment 0, 1, 2, ... of a vector, one a call.</summary>
    public static Func<IEnvironment> Vector(int length, bool discrete = false, int faultyIndex = -1, int faultAt = 0, Fault fault = default)
    {
        var next = 0;
        return () =>
        {
            var index = next++;
            return new ScriptedEnvironment(index, length, discrete, index == faultyIndex ? faultAt : 0, fault);
        };
    }

    public void Reset(RandomStream random, Span<float> observation)
    {
        _episode++;
        _step = 0;
        Observe(0, observation);
    }

    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        _step++;
        Observe(action[0], observation);
        var reward = 1 + 10 * index + 0.25 * _step;
        var (terminated, truncated) = index % 2 == 0 ? (_step == length, false) : (false, _step == length + 1);
        if (_episode != 1 || _step != faultAt)
        {
            return new StepResult(reward, terminated, truncated);
        }

        observation[2] = fault switch
        {
            Fault.NaNObservation => float.NaN,
            Fault.InfiniteObservation => float.NegativeInfinity,
            _ => observation[2],
        };
        return fault switch
        {
            Fault.NaNReward => new StepResult(double.NaN, terminated, truncated),
            Fault.InfiniteReward => new StepResult(double.PositiveInfinity, terminated, truncated),
            Fault.Breakdown => StepResult.Broken(Reason),
            _ => new StepResult(reward, terminated, truncated),
        };
    }

    public void Dispose()
    {
    }

    private void Observe(float action, Span<float> observation) =>
        (observation[0], observation[1], observation[2], observation[3]) = (index, _episode, _step, action);
}
