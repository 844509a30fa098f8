using Rapid.Environments;

namespace Rapid.Protocol.Specs;

/// <summary>P3O's: "paper", "repo" (the authors' code with its published command) and "fixed" (constant clip and KL weight). The on-policy
/// part is A2C's preset "p3o".</summary>
/// <remarks>
/// The authors' replay sizes are for Atari. Classic control and MuJoCo train for 10 to 100 times fewer steps, so Rapid's own warm-up is
/// 4,000 and 10,000 steps, and replay holds 100,000.
/// </remarks>
internal static class P3oPresets
{
    public static IReadOnlyList<string> Names { get; } = ["paper", "repo", "fixed"];

    public static ExperimentOptions Make(EnvironmentInfo environment, string preset)
    {
        var options = new P3oOptions
        {
            Preset = preset,
            ReplaySteps = 100_000,
            WarmUpSteps = environment.IsMuJoCo ? 10_000 : 4_000,
        };
        return A2cPresets.Make(environment, preset switch
        {
            "repo" => options with { Kl = PolicyDivergence.Repo, RepoGuards = true },
            "fixed" => options with { ClipSource = TrustSource.Fixed, KlSource = TrustSource.Fixed },
            _ => options,
        });
    }
}
