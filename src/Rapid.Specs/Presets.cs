using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Specs;

/// <summary>
/// The defaults of every field, which depend on the kind of environment, the algorithm and its preset. One file an algorithm.
/// </summary>
public static class Presets
{
    private static readonly Dictionary<string, Entry> Entries = new()
    {
        ["ppo"] = new(PpoPresets.Names, PpoPresets.Make),
        ["a2c"] = new(A2cPresets.Names, A2cPresets.Make),
        ["p3o"] = new(P3oPresets.Names, P3oPresets.Make),
        ["sac"] = new(SacPresets.Names, SacPresets.Make),
    };

    /// <summary>Algorithms by name.</summary>
    public static IReadOnlyList<string> Algorithms { get; } = [.. Entries.Keys];

    /// <summary>Presets of an algorithm, the default first; none of an unknown one.</summary>
    public static IReadOnlyList<string> Of(string algorithm) => Entries.TryGetValue(algorithm, out var entry) ? entry.Names : [];

    /// <summary>A complete spec for an environment.</summary>
    /// <param name="environment">The task.</param>
    /// <param name="algorithm">One of <see cref="Algorithms"/>.</param>
    /// <param name="preset">One of <see cref="Of"/>; null means the first.</param>
    public static ExperimentOptions Default(EnvironmentInfo environment, string algorithm = "ppo", string? preset = null)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var entry = Entries[algorithm];
        var name = EnvironmentRegistry.IsPath(environment.Name) ? Path.GetFileNameWithoutExtension(environment.Name) : environment.Name;
        return entry.Make(environment, preset ?? entry.Names[0]) with { Name = $"{name}-{algorithm}".ToLowerInvariant() };
    }

    /// <summary>Whether actions are real numbers.</summary>
    internal static bool IsContinuous(EnvironmentInfo environment) =>
        environment.IsMuJoCo || environment.HasContinuousActions || environment.Name is "Pendulum-v1" or "MountainCarContinuous-v0";

    /// <summary>Whether an action pays over more than the hundred steps that a discount of 0.99 looks ahead, as a stroke of Swimmer does
    /// (Franceschetti et al. 2022).</summary>
    internal static bool PaysLate(EnvironmentInfo environment) => environment.Name is "Swimmer-v4" or "Swimmer-v5";

    /// <summary>Whether observations want normalisation: those of physics, and bytes of memory, of which most stand for nothing.</summary>
    internal static bool NormalizesObservations(EnvironmentInfo environment) =>
        IsContinuous(environment) || (environment.IsAtari && !environment.ShowsFrames);

    /// <summary>The network of frames: convolutions and one hidden layer, shared by policy and value (Mnih et al. 2015 and 2016).</summary>
    internal static NetworkOptions ForFrames(Encoder encoder) => new()
    {
        Encoder = encoder,
        HiddenSizes = [encoder == Encoder.Ppo1 ? 256 : 512],
        Activation = Activation.Relu,
        Shared = true,
    };

    /// <summary>Agent steps of a run by default: what papers and libraries report for a family.</summary>
    internal static long TotalSteps(EnvironmentInfo environment) =>
        environment.IsAtari ? 10_000_000 : environment.IsMuJoCo ? 1_000_000 : 500_000;

    private sealed record Entry(IReadOnlyList<string> Names, Func<EnvironmentInfo, string, ExperimentOptions> Make);
}
