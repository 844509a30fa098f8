using Rapid.Agents.OffPolicy;
using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.Sac;

/// <summary>SAC's: "rapid" (CleanRL's, tuned where a kind of task wants it), and those that keep to a project in every constant and rule: "cleanrl"
/// (CleanRL's sac_continuous_action.py; for discrete actions sac_atari.py), "offp" (brandontrabucco/off-policy). docs/sac.md has their
/// differences.</summary>
internal static class SacPresets
{
    private const string Rapid = "rapid", CleanRl = "cleanrl", OffPolicy = "offp";

    public static IReadOnlyList<string> Names { get; } = [Rapid, CleanRl, OffPolicy];

    public static ExperimentOptions Make(EnvironmentInfo environment, string preset)
    {
        var isTemplate = preset == OffPolicy;
        var isHumanoid = environment.Name.StartsWith("Humanoid-", StringComparison.Ordinal);
        return new ExperimentOptions
        {
            Name = environment.Name,
            Environment = new EnvironmentOptions { Name = environment.Name },
            Algorithm = preset switch
            {
                OffPolicy => Template(isHumanoid),
                CleanRl => TaskDefaults.IsContinuous(environment) ? new SacOptions { Preset = preset } : ForChoices(),
                _ => Tuned(environment),
            },
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
            Normalization = new NormalizationOptions
            {
                Observations = isTemplate,
                ObservationClip = !isTemplate ? 10 : isHumanoid ? 2 : 1000,
            },
            Replay = new ReplayOptions { CapacitySteps = 1_000_000 },
        };
    }

    private static SacOptions Tuned(EnvironmentInfo environment)
    {
        var options = new SacOptions { Gamma = TaskDefaults.PaysLate(environment) ? 0.999 : 0.99 };
        // Classic tasks are solved in fewer steps than the warm-up of locomotion takes.
        options = environment.IsMuJoCo ? options : options with { WarmUpSteps = 1000 };
        return TaskDefaults.IsContinuous(environment) ? options : options with { AdamEpsilon = 1e-4, PolicyDelay = 1 };
    }

    /// <summary>sac_atari.py: an update for every fourth step, the targets copied every 8000 steps.</summary>
    private static SacOptions ForChoices() => new()
    {
        Preset = CleanRl,
        PolicyLearningRate = 3e-4,
        CriticLearningRate = 3e-4,
        TemperatureLearningRate = 3e-4,
        AdamEpsilon = 1e-4,
        BatchSize = 64,
        WarmUpSteps = 20_000,
        UpdatesPerStep = 0.25,
        PolicyDelay = 1,
        TargetDelay = 2000,
        Tau = 1,
    };

    /// <summary>The template knows no discrete actions; of Humanoid it scales deviations by 10.</summary>
    private static SacOptions Template(bool isHumanoid) => new()
    {
        Preset = OffPolicy,
        CriticLearningRate = 3e-4,
        TemperatureLearningRate = 3e-4,
        AdamEpsilon = 1e-7,
        PolicyDelay = 1,
        StdParameterization = StdParameterization.Softplus,
        CriticLoss = CriticLoss.LogCosh,
        InitialLogAlpha = Math.Log(0.1),
        TimeLimit = TimeLimitRule.Terminal,
        MinimumDeviation = 1e-6,
        VarianceScaling = isHumanoid ? 10 : 1,
    };
}
