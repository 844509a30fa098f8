using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.Ppo;

/// <summary>PPO's: "rapid" (Rapid's own, tuned), and those that keep to a project in every constant and rule: "cleanrl" (CleanRL's ppo.py,
/// ppo_continuous_action.py and ppo_atari.py), "ikostrikov" (pytorch-a2c-ppo-acktr-gail with the commands of its README), "ppo1" (the paper, and
/// OpenAI baselines ppo1), "ppo2" (OpenAI baselines ppo2). docs/ppo.md has their differences.</summary>
/// <remarks>
/// The projects collect and learn in turn, and all but ikostrikov take a time limit for an end of the task. What ikostrikov and ppo1 leave open is classic
/// control: there they have their constants of MuJoCo (boxes) or Atari (choices, with a clip range of 0.2).
/// </remarks>
internal static class PpoPresets
{
    private const string Rapid = "rapid", CleanRl = "cleanrl", Ikostrikov = "ikostrikov", Ppo1 = "ppo1", Ppo2 = "ppo2";

    public static IReadOnlyList<string> Names { get; } = [Rapid, CleanRl, Ikostrikov, Ppo1, Ppo2];

    public static ExperimentOptions Make(EnvironmentInfo environment, string preset) => new()
    {
        Name = environment.Name,
        Environment = new EnvironmentOptions { Name = environment.Name },
        Lockstep = preset != Rapid,
        Algorithm = preset == Rapid ? Tuned(environment) : Of(preset, environment),
        TotalSteps = TaskDefaults.TotalSteps(environment),
        Actors = new ActorOptions { Environments = EnvironmentsOf(environment, preset) },
        Network = NetworkOf(environment, preset),
        Normalization = NormalizationOf(environment, preset),
    };

    /// <summary>CleanRL's, with time limits that are none of the task (Pardo et al. 2018), and what each kind of task was found to want.</summary>
    private static PpoOptions Tuned(EnvironmentInfo environment) => Constants(environment) switch
    {
        // One run each of a million steps of Swimmer ended at 74 with a discount of 0.99, at 143 with 0.999, at 133 with 0.9999.
        var options when TaskDefaults.PaysLate(environment) => options with { Gamma = 0.999 },
        // Pendulum and the continuous mountain car: short rollouts of several environments, as RL Zoo's tuned settings have.
        var options when TaskDefaults.IsContinuous(environment) && !environment.IsMuJoCo => options with
        {
            LearningRate = 1e-3,
            LearningRateSchedule = Schedule.Constant,
            Gamma = 0.9,
            RolloutSteps = 1024,
            Minibatches = 64,
        },
        var options => options,
    };

    /// <summary>A project's.</summary>
    private static PpoOptions Of(string preset, EnvironmentInfo environment)
    {
        var options = Constants(environment) with { Preset = preset, TimeLimit = TimeLimitRule.Terminal, RecomputeBaseline = false };
        return preset switch
        {
            // Its README's commands for MuJoCo ask for proper time limits.
            Ikostrikov => options with
            {
                AdvantageNormalization = AdvantageNormalization.Batch,
                AdvantageEpsilon = 1e-5,
                TimeLimit = TimeLimitRule.ZeroAdvantage,
            },
            // Without the paper's epsilon advantages that are all equal would be NaN.
            Ppo1 => options with
            {
                ClipValueLoss = false,
                ValueCoefficient = 1,
                MaxGradientNorm = 0,
                AdvantageNormalization = AdvantageNormalization.Batch,
                AdvantageDeviation = Deviation.Population,
                ClipRangeSchedule = environment.IsAtari ? Schedule.Linear : Schedule.Constant,
                Epochs = environment.IsAtari ? 3 : options.Epochs,
            },
            // What is neither MuJoCo nor a game has the defaults of its function learn.
            Ppo2 when !environment.IsMuJoCo && !environment.IsAtari => new PpoOptions
            {
                Preset = Ppo2,
                LearningRateSchedule = Schedule.Constant,
                Epochs = 4,
                Minibatches = 4,
                AdvantageDeviation = Deviation.Population,
                TimeLimit = TimeLimitRule.Terminal,
                RecomputeBaseline = false,
            },
            Ppo2 => options with { AdvantageDeviation = Deviation.Population },
            _ => options,
        };
    }

    /// <summary>What all of them share: 2048 steps, 10 epochs of 32 minibatches on boxes of actions; 128 steps of several environments, 4 epochs of
    /// 4 minibatches on choices; of games a clip range of 0.1.</summary>
    private static PpoOptions Constants(EnvironmentInfo environment) => TaskDefaults.IsContinuous(environment) ? new PpoOptions() : new PpoOptions
    {
        LearningRate = 2.5e-4,
        RolloutSteps = 128,
        Minibatches = 4,
        Epochs = 4,
        EntropyCoefficient = 0.01,
        ClipRange = environment.IsAtari ? 0.1 : 0.2,
    };

    private static int EnvironmentsOf(EnvironmentInfo environment, string preset) =>
        environment.IsAtari ? 8
        : environment.IsMuJoCo || preset == Ppo2 || (preset != Rapid && TaskDefaults.IsContinuous(environment)) ? 1
        : 4;

    private static NetworkOptions NetworkOf(EnvironmentInfo environment, string preset) => preset switch
    {
        Ikostrikov when environment.ShowsFrames => TaskDefaults.ForFrames(Encoder.Ikostrikov),
        Ppo1 when environment.ShowsFrames =>
            TaskDefaults.ForFrames(Encoder.Ppo1) with { Initialization = Initialization.NormalizedColumns, HiddenGain = 1 },
        _ when environment.ShowsFrames => TaskDefaults.ForFrames(Encoder.Nature),
        Ikostrikov => new NetworkOptions { PolicyGain = TaskDefaults.IsContinuous(environment) ? 1 : 0.01, ValueGain = Math.Sqrt(2) },
        Ppo1 => new NetworkOptions { Initialization = Initialization.NormalizedColumns, HiddenGain = 1 },
        Ppo2 => new NetworkOptions { Shared = !environment.IsMuJoCo },
        // The projects start at 0, with which HalfCheetah learns to slide on its back. A quieter start is worth a factor of three there, and
        // costs a factor of two on Hopper, so it is HalfCheetah's alone.
        Rapid when environment.Name is "HalfCheetah-v4" or "HalfCheetah-v5" => new NetworkOptions { InitialLogStd = -1 },
        _ => new NetworkOptions(),
    };

    /// <summary>ikostrikov normalises all vectors and their rewards, ppo1's policy all vectors, clipped to 5, and no reward; ppo2 normalises
    /// MuJoCo's alone.</summary>
    private static NormalizationOptions NormalizationOf(EnvironmentInfo environment, string preset) => preset switch
    {
        _ when environment.ShowsFrames => new NormalizationOptions { Observations = false, Rewards = TaskDefaults.IsContinuous(environment) },
        Ikostrikov => new NormalizationOptions { Observations = true, Rewards = true },
        Ppo1 => new NormalizationOptions { Observations = true, ObservationClip = 5, Rewards = false },
        Ppo2 => new NormalizationOptions { Observations = environment.IsMuJoCo, Rewards = environment.IsMuJoCo },
        _ => new NormalizationOptions
        {
            Observations = TaskDefaults.NormalizesObservations(environment),
            Rewards = TaskDefaults.IsContinuous(environment),
        },
    };
}
