using Rapid.Agents.Optimizers;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.OnPolicy;

/// <summary>
/// What algorithms share that take <see cref="AdvantageActorCritic"/>'s one gradient step a rollout. Defaults are the constants that P3O's code,
/// pytorch-a2c-ppo-acktr-gail and OpenAI baselines a2c share for Atari, with P3O's rollout of 16 steps.
/// </summary>
public abstract record SingleStepOptions : OnPolicyOptions
{
    /// <summary>Makes the defaults.</summary>
    protected SingleStepOptions() => (RolloutSteps, LearningRate, EntropyCoefficient) = (16, 7e-4, 0.01);

    /// <summary>What moves the weights.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Rmsprop;

    /// <summary>Epsilon of RMSProp or Adam.</summary>
    [Above(0)] public double OptimizerEpsilon { get; init; } = 1e-5;

    /// <summary>RMSProp's alpha: how much of the mean square is kept at each step.</summary>
    [Between(0, 1)] public double RmspropSmoothing { get; init; } = 0.99;

    /// <summary>Whose RMSProp; the first steps of TensorFlow's are 33 times smaller.</summary>
    public RmspropFlavour RmspropFlavour { get; init; } = RmspropFlavour.Torch;
}
