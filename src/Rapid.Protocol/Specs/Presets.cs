using Rapid.Environments;

namespace Rapid.Protocol.Specs;

/// <summary>The defaults of every field, which depend on the kind of environment, the algorithm and its preset.</summary>
/// <remarks>
/// PPO presets: "cleanrl" (CleanRL's ppo and ppo_continuous_action), "ikostrikov" (pytorch-a2c-ppo-acktr-gail), "ppo1" (the paper and
/// OpenAI baselines ppo1), "ppo2" (OpenAI baselines ppo2).
/// </remarks>
public static class Presets
{
    /// <summary>Algorithms by name.</summary>
    public static IReadOnlyList<string> Algorithms { get; } = ["ppo"];

    /// <summary>Presets of an algorithm.</summary>
    public static IReadOnlyList<string> Of(string algorithm) => algorithm == "ppo" ? ["cleanrl", "ikostrikov", "ppo1", "ppo2"] : [];

    /// <summary>A complete spec for an environment.</summary>
    public static ExperimentOptions Default(EnvironmentInfo environment, string algorithm = "ppo", string preset = "cleanrl")
    {
        ArgumentNullException.ThrowIfNull(environment);
        var isContinuous = environment.IsMuJoCo || environment.Name is "Pendulum-v1" or "MountainCarContinuous-v0";
        var ppo = environment.IsMuJoCo ? PpoForMuJoCo(preset) : isContinuous ? PpoForContinuousClassic(preset) : PpoForDiscreteClassic(preset);
        return new ExperimentOptions
        {
            Name = $"{environment.Name}-{algorithm}".ToLowerInvariant(),
            Environment = new EnvironmentOptions { Name = environment.Name },
            Algorithm = ppo,
            TotalSteps = environment.IsMuJoCo ? 1_000_000 : 500_000,
            Actors = new ActorOptions { Environments = environment.IsMuJoCo ? 1 : 4 },
            Network = preset switch
            {
                "ikostrikov" => new NetworkOptions { PolicyGain = isContinuous ? 1 : 0.01, ValueGain = Math.Sqrt(2) },
                "ppo1" => new NetworkOptions { Initialization = Initialization.NormalizedColumns, HiddenGain = 1 },
                // CleanRL starts at 0, with which HalfCheetah learns to slide on its back. A quieter start is worth a factor of three there,
                // and costs a factor of two on Hopper, so it is HalfCheetah's alone.
                "cleanrl" when environment.Name == "HalfCheetah-v4" => new NetworkOptions { InitialLogStd = -1 },
                _ => new NetworkOptions(),
            },
            Normalization = new NormalizationOptions { Observations = isContinuous, Rewards = isContinuous },
        };
    }

    private static PpoOptions PpoForMuJoCo(string preset) => preset switch
    {
        "ikostrikov" => new PpoOptions
        {
            Preset = preset,
            AdvantageNormalization = AdvantageNormalization.Batch,
            AdvantageEpsilon = 1e-5,
        },
        "ppo1" => new PpoOptions
        {
            Preset = preset,
            ClipValueLoss = false,
            ValueCoefficient = 1,
            MaxGradientNorm = 0,
            AdvantageNormalization = AdvantageNormalization.Batch,
            AdvantageDeviation = Deviation.Population,
        },
        "ppo2" => new PpoOptions { Preset = preset, Minibatches = 64, AdvantageDeviation = Deviation.Population },
        _ => new PpoOptions(),
    };

    private static PpoOptions PpoForDiscreteClassic(string preset) => PpoForMuJoCo(preset) with
    {
        LearningRate = 2.5e-4,
        RolloutSteps = 128,
        Minibatches = 4,
        Epochs = 4,
        EntropyCoefficient = 0.01,
    };

    /// <summary>Pendulum and the continuous mountain car: short rollouts of several environments, as RL Zoo's tuned settings have.</summary>
    private static PpoOptions PpoForContinuousClassic(string preset) => PpoForMuJoCo(preset) with
    {
        LearningRate = 1e-3,
        LearningRateSchedule = Schedule.Constant,
        Gamma = 0.9,
        RolloutSteps = 1024,
        Minibatches = 64,
    };
}
