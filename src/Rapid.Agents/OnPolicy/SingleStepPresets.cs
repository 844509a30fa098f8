using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.OnPolicy;

/// <summary>The experiment around algorithms that take <see cref="AdvantageActorCritic"/>'s step.</summary>
/// <remarks>Collection and learning alternate: a step on stale rollouts would be no A2C.</remarks>
internal static class SingleStepPresets
{
    /// <summary>As the code of P3O's authors: 16 environments, an entropy bonus, time limits taken for an end of the task, MuJoCo's observations and
    /// rewards normalised.</summary>
    /// <remarks>That code refuses continuous actions and fails on vectors, so there this is its constants with its network for vectors.</remarks>
    public static ExperimentOptions Published(EnvironmentInfo environment, SingleStepOptions options) => new()
    {
        Name = environment.Name,
        Environment = new EnvironmentOptions { Name = environment.Name },
        Lockstep = true,
        Algorithm = options with { TimeLimit = TimeLimitRule.Terminal },
        TotalSteps = TaskDefaults.TotalSteps(environment),
        Network = environment.ShowsFrames ? TaskDefaults.ForFrames(Encoder.Ikostrikov) : new NetworkOptions { ValueGain = Math.Sqrt(2) },
        Actors = new ActorOptions { Environments = 16 },
        Normalization = new NormalizationOptions { Observations = environment.IsMuJoCo, Rewards = environment.IsMuJoCo },
    };

    /// <summary>
    /// Rapid's own: time limits that are none of the task (Pardo et al. 2018); with continuous actions observations and rewards are normalised, by
    /// 8 environments and without an entropy bonus. Rewards also where every step costs the same: until the critic knows that cost all advantages
    /// are negative, and a replayed negative advantage only drives the policy from whatever was done, until it has no entropy.
    /// </summary>
    public static ExperimentOptions Tuned(EnvironmentInfo environment, SingleStepOptions options)
    {
        var isContinuous = TaskDefaults.IsContinuous(environment);
        var published = Published(environment, options);
        return published with
        {
            Algorithm = isContinuous ? options with { EntropyCoefficient = 0 } : options,
            Network = environment.ShowsFrames ? published.Network : new NetworkOptions(),
            Actors = new ActorOptions { Environments = isContinuous ? 8 : 16 },
            Normalization = new NormalizationOptions
            {
                Observations = TaskDefaults.NormalizesObservations(environment),
                Rewards = isContinuous || environment.Name is "Acrobot-v1" or "MountainCar-v0",
            },
        };
    }
}
