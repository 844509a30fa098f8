using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.Td3;

/// <summary>TD3's: "rapid" ("cleanrl" with fewer random steps on tasks that are not MuJoCo's), "cleanrl" (CleanRL's td3_continuous_action, and the authors' code sfujim/TD3 as it is today: two layers of 256, batches of 256,
/// 25,000 random steps), "paper" (appendix C: layers of 400 and 300, batches of 100, a step size of 1e-3, 1000 random steps, of HalfCheetah and
/// Ant 10,000).</summary>
internal static class Td3Presets
{
    public static IReadOnlyList<string> Names { get; } = ["rapid", "cleanrl", "paper"];

    public static ExperimentOptions Make(EnvironmentInfo environment, string preset)
    {
        var isPaper = preset == "paper";
        var isFast = environment.Name.StartsWith("HalfCheetah-", StringComparison.Ordinal)
            || environment.Name.StartsWith("Ant-", StringComparison.Ordinal);
        var algorithm = isPaper
            ? new Td3Options
            {
                Preset = preset,
                PolicyLearningRate = 1e-3,
                CriticLearningRate = 1e-3,
                BatchSize = 100,
                WarmUpSteps = isFast ? 10_000 : 1000,
            }
            : new Td3Options { Preset = preset };
        return new ExperimentOptions
        {
            Name = environment.Name,
            Environment = new EnvironmentOptions { Name = environment.Name },
            // Classic tasks are solved in fewer steps than the warm-up of locomotion takes.
            Algorithm = preset == "rapid" && !environment.IsMuJoCo ? algorithm with { WarmUpSteps = 1000 } : algorithm,
            TotalSteps = environment.IsMuJoCo ? 1_000_000 : 50_000,
            Network = new NetworkOptions
            {
                HiddenSizes = isPaper ? [400, 300] : [256, 256],
                Activation = Activation.Relu,
                Initialization = Initialization.UniformFanIn,
                HiddenGain = 1,
                PolicyGain = 1,
                ValueGain = 1,
            },
            Replay = new ReplayOptions { CapacitySteps = 1_000_000 },
        };
    }
}
