using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Specs;

/// <summary>A2C's: "p3o" (P3O's code: 16 steps, GAE, a linear step size as its published command has), "ikostrikov"
/// (pytorch-a2c-ppo-acktr-gail: 5 steps, n-step returns, a constant step size), "baselines" (OpenAI baselines a2c: the same, TensorFlow's
/// RMSProp and a linear step size).</summary>
/// <remarks>
/// The constants are for Atari; those for other tasks are not public. Rapid's own: with continuous actions observations and rewards are
/// normalised, by 8 environments and without an entropy bonus. Rewards also where every step costs the same: until the critic knows that
/// cost all advantages are negative, and a replayed negative advantage only drives the policy from whatever was done, until it has no
/// entropy. Collection and learning alternate by default: a step on stale rollouts would be no A2C.
/// </remarks>
internal static class A2cPresets
{
    public static IReadOnlyList<string> Names { get; } = ["p3o", "ikostrikov", "baselines"];

    public static ExperimentOptions Make(EnvironmentInfo environment, string preset)
    {
        var options = preset == "p3o" ? new A2cOptions() : new A2cOptions
        {
            Preset = preset,
            RolloutSteps = 5,
            Gae = false,
            LearningRateSchedule = preset == "baselines" ? Schedule.Linear : Schedule.Constant,
            RmspropFlavour = preset == "baselines" ? RmspropFlavour.Tensorflow : RmspropFlavour.Torch,
        };
        return Make(environment, options);
    }

    /// <summary>The experiment around A2C's options or those of an algorithm that takes A2C's step.</summary>
    public static ExperimentOptions Make(EnvironmentInfo environment, A2cOptions options)
    {
        var isContinuous = Presets.IsContinuous(environment);
        return new ExperimentOptions
        {
            Name = environment.Name,
            Environment = new EnvironmentOptions { Name = environment.Name },
            Lockstep = true,
            Algorithm = isContinuous ? options with { EntropyCoefficient = 0 } : options,
            TotalSteps = Presets.TotalSteps(environment),
            Network = environment.ShowsFrames
                ? Presets.ForFrames(options.Preset == "baselines" ? Encoder.Nature : Encoder.Ikostrikov)
                : new NetworkOptions(),
            Actors = new ActorOptions { Environments = isContinuous ? 8 : 16 },
            Normalization = new NormalizationOptions
            {
                Observations = Presets.NormalizesObservations(environment),
                Rewards = isContinuous || environment.Name is "Acrobot-v1" or "MountainCar-v0",
            },
        };
    }
}
