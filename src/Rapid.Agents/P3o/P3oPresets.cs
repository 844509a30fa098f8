using Rapid.Agents.OnPolicy;
using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.P3o;

/// <summary>P3O's: "rapid" (Rapid's own), "fixed" (the same with a constant clip and KL weight), and those that keep to their source in every constant
/// and rule: "paper" (the paper's loss with the constants of its code) and "repo" (the authors' code with its published command). The on-policy part is
/// A2C's "rapid" or "p3o". docs/p3o.md has their differences.</summary>
/// <remarks>
/// The authors' replay holds 1 to 3 per cent of an Atari run and warms up for 0.3 to 0.9 per cent. Runs on classic control and MuJoCo are
/// 30 to 100 times shorter, and so are Rapid's sizes: 10,000 steps and 4,000. Old data hurt: with 100,000 steps Hopper and Acrobot learn
/// worse.
/// </remarks>
internal static class P3oPresets
{
    private const string Rapid = "rapid", Fixed = "fixed", Paper = "paper", Repo = "repo";

    public static IReadOnlyList<string> Names { get; } = [Rapid, Fixed, Paper, Repo];

    public static ExperimentOptions Make(EnvironmentInfo environment, string preset)
    {
        var options = new P3oOptions { Preset = preset };
        var tuned = environment.IsAtari ? options : options with { ReplaySteps = 10_000, WarmUpSteps = 4_000 };
        return preset switch
        {
            Paper => SingleStepPresets.Published(environment, options),
            Repo => SingleStepPresets.Published(environment, options with { Kl = PolicyDivergence.Repo, RepoGuards = true }),
            Fixed => SingleStepPresets.Tuned(environment, tuned with { ClipSource = TrustSource.Fixed, KlSource = TrustSource.Fixed }),
            _ => SingleStepPresets.Tuned(environment, tuned),
        };
    }
}
