using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents;

/// <summary>Defaults that depend on the kind of task and not on the algorithm.</summary>
public static class TaskDefaults
{
    /// <summary>Whether actions are real numbers.</summary>
    public static bool IsContinuous(EnvironmentInfo environment) =>
        environment.IsMuJoCo || environment.HasContinuousActions || environment.Name is "Pendulum-v1" or "MountainCarContinuous-v0";

    /// <summary>Whether an action pays over more than the hundred steps that a discount of 0.99 looks ahead, as a stroke of Swimmer does
    /// (Franceschetti et al. 2022).</summary>
    public static bool PaysLate(EnvironmentInfo environment) => environment.Name is "Swimmer-v4" or "Swimmer-v5";

    /// <summary>Whether observations want normalisation: those of physics, and bytes of memory, of which most stand for nothing.</summary>
    public static bool NormalizesObservations(EnvironmentInfo environment) =>
        IsContinuous(environment) || (environment.IsAtari && !environment.ShowsFrames);

    /// <summary>The network of frames: convolutions and one hidden layer, shared by policy and value (Mnih et al. 2015 and 2016).</summary>
    public static NetworkOptions ForFrames(Encoder encoder) => new()
    {
        Encoder = encoder,
        HiddenSizes = [encoder == Encoder.Ppo1 ? 256 : 512],
        Activation = Activation.Relu,
        Shared = true,
    };

    /// <summary>Agent steps of a run by default: what papers and libraries report for a family.</summary>
    public static long TotalSteps(EnvironmentInfo environment) =>
        environment.IsAtari ? 10_000_000 : environment.IsMuJoCo ? 1_000_000 : 500_000;
}
