using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.OnPolicy;

/// <summary>The experiment around algorithms that take <see cref="AdvantageActorCritic"/>'s step.</summary>
/// <remarks>
/// The constants are for Atari; those for other tasks are not public. Rapid's own: with continuous actions observations and rewards are
/// normalised, by 8 environments and without an entropy bonus. Rewards also where every step costs the same: until the critic knows that
/// cost all advantages are negative, and a replayed negative advantage only drives the policy from whatever was done, until it has no
/// entropy. Collection and learning alternate by default: a step on stale rollouts would be no A2C.
/// </remarks>
internal static class SingleStepPresets
{
    public static ExperimentOptions Around(EnvironmentInfo environment, SingleStepOptions options, Encoder encoder = Encoder.Ikostrikov)
    {
        var isContinuous = TaskDefaults.IsContinuous(environment);
        return new ExperimentOptions
        {
            Name = environment.Name,
            Environment = new EnvironmentOptions { Name = environment.Name },
            Lockstep = true,
            Algorithm = isContinuous ? options with { EntropyCoefficient = 0 } : options,
            TotalSteps = TaskDefaults.TotalSteps(environment),
            Network = environment.ShowsFrames ? TaskDefaults.ForFrames(encoder) : new NetworkOptions(),
            Actors = new ActorOptions { Environments = isContinuous ? 8 : 16 },
            Normalization = new NormalizationOptions
            {
                Observations = TaskDefaults.NormalizesObservations(environment),
                Rewards = isContinuous || environment.Name is "Acrobot-v1" or "MountainCar-v0",
            },
        };
    }
}
