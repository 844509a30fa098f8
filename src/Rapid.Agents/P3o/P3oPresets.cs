using Rapid.Agents.OnPolicy;
using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.P3o;

/// <summary>P3O's: "paper", "repo" (the authors' code with its published command) and "fixed" (constant clip and KL weight). The on-policy
/// part is A2C's preset "p3o".</summary>
/// <remarks>
/// The authors' replay holds 1 to 3 per cent of an Atari run and warms up for 0.3 to 0.9 per cent. Runs on classic control and MuJoCo are
/// 30 to 100 times shorter, and so are Rapid's sizes: 10,000 steps and 4,000. Old data hurt: with 100,000 steps Hopper and Acrobot learn
/// worse.
/// </remarks>
internal static class P3oPresets
{
    public static IReadOnlyList<string> Names { get; } = ["paper", "repo", "fixed"];

    public static ExperimentOptions Make(EnvironmentInfo environment, string preset)
    {
        var options = new P3oOptions { Preset = preset };
        if (!environment.IsAtari)
        {
            options = options with { ReplaySteps = 10_000, WarmUpSteps = 4_000 };
        }

        return SingleStepPresets.Around(environment, preset switch
        {
            "repo" => options with { Kl = PolicyDivergence.Repo, RepoGuards = true },
            "fixed" => options with { ClipSource = TrustSource.Fixed, KlSource = TrustSource.Fixed },
            _ => options,
        });
    }
}
