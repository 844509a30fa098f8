using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.Ppo;

/// <summary>PPO's: "cleanrl" (CleanRL's ppo and ppo_continuous_action), "ikostrikov" (pytorch-a2c-ppo-acktr-gail), "ppo1" (the paper and
/// OpenAI baselines ppo1), "ppo2" (OpenAI baselines ppo2).</summary>
internal static class PpoPresets
{
    public static IReadOnlyList<string> Names { get; } = ["cleanrl", "ikostrikov", "ppo1", "ppo2"];

    public static ExperimentOptions Make(EnvironmentInfo environment, string preset)
    {
        var isContinuous = TaskDefaults.IsContinuous(environment);
        return new ExperimentOptions
        {
            Name = environment.Name,
            Environment = new EnvironmentOptions { Name = environment.Name },
            Algorithm = environment.IsAtari ? ForAtari(preset)
                : environment.IsMuJoCo ? ForTask(environment, preset)
                : isContinuous ? ForContinuousClassic(preset)
                : ForDiscreteClassic(preset),
            TotalSteps = TaskDefaults.TotalSteps(environment),
            Actors = new ActorOptions { Environments = environment.IsAtari ? 8 : environment.IsMuJoCo ? 1 : 4 },
            Network = preset switch
            {
                "ikostrikov" when environment.ShowsFrames => TaskDefaults.ForFrames(Encoder.Ikostrikov),
                "ppo1" when environment.ShowsFrames =>
                    TaskDefaults.ForFrames(Encoder.Ppo1) with { Initialization = Initialization.NormalizedColumns, HiddenGain = 1 },
                _ when environment.ShowsFrames => TaskDefaults.ForFrames(Encoder.Nature),
                "ikostrikov" => new NetworkOptions { PolicyGain = isContinuous ? 1 : 0.01, ValueGain = Math.Sqrt(2) },
                "ppo1" => new NetworkOptions { Initialization = Initialization.NormalizedColumns, HiddenGain = 1 },
                // CleanRL starts at 0, with which HalfCheetah learns to slide on its back. A quieter start is worth a factor of three
                // there, and costs a factor of two on Hopper, so it is HalfCheetah's alone.
                "cleanrl" when environment.Name is "HalfCheetah-v4" or "HalfCheetah-v5" => new NetworkOptions { InitialLogStd = -1 },
                _ => new NetworkOptions(),
            },
            Normalization = new NormalizationOptions
            {
                Observations = TaskDefaults.NormalizesObservations(environment),
                Rewards = isContinuous,
            },
        };
    }

    /// <summary>One run each of a million steps of Swimmer ended at 74 with a discount of 0.99, at 143 with 0.999, at 133 with
    /// 0.9999.</summary>
    private static PpoOptions ForTask(EnvironmentInfo environment, string preset) =>
        preset == "cleanrl" && TaskDefaults.PaysLate(environment) ? new PpoOptions { Gamma = 0.999 } : ForMuJoCo(preset);

    private static PpoOptions ForMuJoCo(string preset) => preset switch
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

    private static PpoOptions ForDiscreteClassic(string preset) => ForMuJoCo(preset) with
    {
        LearningRate = 2.5e-4,
        RolloutSteps = 128,
        Minibatches = 4,
        Epochs = 4,
        EntropyCoefficient = 0.01,
    };

    /// <summary>Games: 8 environments, 128 steps, a clip range of 0.1; ppo1's shrinks with the step size (paper, table 5).</summary>
    private static PpoOptions ForAtari(string preset) => ForDiscreteClassic(preset) with
    {
        ClipRange = 0.1,
        ClipRangeSchedule = preset == "ppo1" ? Schedule.Linear : Schedule.Constant,
        Epochs = preset == "ppo1" ? 3 : 4,
    };

    /// <summary>
    /// Pendulum and the continuous mountain car: short rollouts of several environments, as RL Zoo's tuned settings have.
    /// </summary>
    private static PpoOptions ForContinuousClassic(string preset) => ForMuJoCo(preset) with
    {
        LearningRate = 1e-3,
        LearningRateSchedule = Schedule.Constant,
        Gamma = 0.9,
        RolloutSteps = 1024,
        Minibatches = 64,
    };
}
