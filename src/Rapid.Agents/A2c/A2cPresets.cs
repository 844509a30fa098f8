using Rapid.Agents.OnPolicy;
using Rapid.Agents.Optimizers;
using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.A2c;

/// <summary>A2C's: "rapid" (Rapid's own), and those that keep to a project in every constant and rule: "p3o" (the code of P3O's authors with its
/// published command), "ikostrikov" (pytorch-a2c-ppo-acktr-gail with the commands of its README), "baselines" (OpenAI baselines a2c). docs/p3o.md
/// has their differences.</summary>
internal static class A2cPresets
{
    private const string Rapid = "rapid", P3o = "p3o", Ikostrikov = "ikostrikov", Baselines = "baselines";

    public static IReadOnlyList<string> Names { get; } = [Rapid, P3o, Ikostrikov, Baselines];

    public static ExperimentOptions Make(EnvironmentInfo environment, string preset) => preset switch
    {
        P3o => SingleStepPresets.Published(environment, new A2cOptions { Preset = P3o }),
        Ikostrikov => OfIkostrikov(environment),
        Baselines => OfBaselines(environment),
        _ => SingleStepPresets.Tuned(environment, new A2cOptions()),
    };

    /// <summary>Its README's command for MuJoCo, unlike the one for PPO, does not ask for proper time limits.</summary>
    private static ExperimentOptions OfIkostrikov(EnvironmentInfo environment)
    {
        var around = SingleStepPresets.Published(environment, ShortRollouts(Ikostrikov) with { LearningRateSchedule = Schedule.Constant });
        return environment.ShowsFrames ? around : around with
        {
            Network = new NetworkOptions { PolicyGain = TaskDefaults.IsContinuous(environment) ? 1 : 0.01, ValueGain = Math.Sqrt(2) },
            Normalization = new NormalizationOptions { Observations = true, Rewards = true },
        };
    }

    /// <summary>One environment but of games, and one body for policy and value.</summary>
    private static ExperimentOptions OfBaselines(EnvironmentInfo environment)
    {
        var around = SingleStepPresets.Published(environment, ShortRollouts(Baselines) with { RmspropFlavour = RmspropFlavour.Tensorflow });
        return around with
        {
            Actors = environment.IsAtari ? around.Actors : new ActorOptions { Environments = 1 },
            Network = environment.ShowsFrames ? TaskDefaults.ForFrames(Encoder.Nature) : new NetworkOptions { Shared = true },
        };
    }

    private static A2cOptions ShortRollouts(string preset) => new() { Preset = preset, RolloutSteps = 5, Gae = false };
}
