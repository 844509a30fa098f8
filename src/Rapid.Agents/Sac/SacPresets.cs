using Rapid.Agents.OffPolicy;
using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.Sac;

/// <summary>
/// SAC's: "cleanrl" (CleanRL's sac_continuous_action; sac_atari's rules for discrete actions), "offp" (brandontrabucco/off-policy).
/// </summary>
internal static class SacPresets
{
    public static IReadOnlyList<string> Names { get; } = ["cleanrl", "offp"];

    public static ExperimentOptions Make(EnvironmentInfo environment, string preset)
    {
        var isTemplate = preset == "offp";
        var algorithm = isTemplate ? Template() : new SacOptions();
        if (!environment.IsMuJoCo)
        {
            // Classic tasks are solved in fewer steps than the warm-up of locomotion takes.
            algorithm = algorithm with { WarmUpSteps = 1000 };
        }

        if (!isTemplate && TaskDefaults.PaysLate(environment))
        {
            algorithm = algorithm with { Gamma = 0.999 };
        }

        return new ExperimentOptions
        {
            Name = environment.Name,
            Environment = new EnvironmentOptions { Name = environment.Name },
            Algorithm = TaskDefaults.IsContinuous(environment)
                ? algorithm
                : algorithm with { AdamEpsilon = isTemplate ? 1e-7 : 1e-4, PolicyDelay = 1 },
            TotalSteps = environment.IsMuJoCo ? 1_000_000 : 50_000,
            Network = new NetworkOptions
            {
                HiddenSizes = [256, 256],
                Activation = Activation.Relu,
                Initialization = isTemplate ? Initialization.XavierUniform : Initialization.UniformFanIn,
                HiddenGain = 1,
                PolicyGain = 1,
                ValueGain = 1,
            },
            // The template clips only on Humanoid; a thousand deviations never happen.
            Normalization = new NormalizationOptions { Observations = isTemplate, ObservationClip = isTemplate ? 1000 : 10 },
            Replay = new ReplayOptions { CapacitySteps = 1_000_000 },
        };
    }

    private static SacOptions Template() => new()
    {
        Preset = "offp",
        CriticLearningRate = 3e-4,
        TemperatureLearningRate = 3e-4,
        AdamEpsilon = 1e-7,
        PolicyDelay = 1,
        StdParameterization = StdParameterization.Softplus,
        CriticLoss = CriticLoss.LogCosh,
        InitialLogAlpha = Math.Log(0.1),
        TimeLimit = TimeLimitRule.Terminal,
        MinimumDeviation = 1e-6,
    };
}
