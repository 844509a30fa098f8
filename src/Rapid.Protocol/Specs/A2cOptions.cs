namespace Rapid.Protocol.Specs;

/// <summary>
/// Advantage actor-critic (Mnih et al. 2016, synchronous): one gradient step a rollout. Defaults are the constants that P3O's code,
/// pytorch-a2c-ppo-acktr-gail and OpenAI baselines a2c share for Atari, with P3O's rollout of 16 steps.
/// </summary>
public record A2cOptions : OnPolicyOptions
{
    /// <summary>Makes the defaults.</summary>
    public A2cOptions() => (RolloutSteps, LearningRate, EntropyCoefficient) = (16, 7e-4, 0.01);

    /// <summary>"a2c".</summary>
    public override string Name => "a2c";

    /// <summary>Named group of defaults: "p3o" (P3O's code), "ikostrikov" (5 steps, n-step returns), "baselines" (the same with
    /// TensorFlow's RMSProp and a linear step size).</summary>
    public override string Preset { get; init; } = "p3o";

    /// <summary>What moves the weights.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Rmsprop;

    /// <summary>Epsilon of RMSProp or Adam.</summary>
    [Above(0)] public double OptimizerEpsilon { get; init; } = 1e-5;

    /// <summary>RMSProp's alpha: how much of the mean square is kept at each step.</summary>
    [Between(0, 1)] public double RmspropSmoothing { get; init; } = 0.99;

    /// <summary>Whose RMSProp; the first steps of TensorFlow's are 33 times smaller.</summary>
    public RmspropFlavour RmspropFlavour { get; init; } = RmspropFlavour.Torch;
}
