using Rapid.Agents.OnPolicy;
using Rapid.Agents.Optimizers;
using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.A2c;

/// <summary>A2C's: "p3o" (P3O's code: 16 steps, GAE, a linear step size as its published command has), "ikostrikov"
/// (pytorch-a2c-ppo-acktr-gail: 5 steps, n-step returns, a constant step size), "baselines" (OpenAI baselines a2c: the same, TensorFlow's
/// RMSProp and a linear step size).</summary>
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
        return SingleStepPresets.Around(environment, options, preset == "baselines" ? Encoder.Nature : Encoder.Ikostrikov);
    }
}
