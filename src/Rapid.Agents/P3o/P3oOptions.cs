using Rapid.Agents.OnPolicy;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.P3o;

/// <summary>
/// Policy-on policy-off policy optimisation (Fakoor, Chaudhari and Smola 2019): A2C's step on fresh rollouts, then a Poisson number of
/// off-policy steps on replayed sequences, whose importance clip and KL weight follow the effective sample size (ESS) of each batch.
/// </summary>
/// <remarks>
/// The authors' code plays Atari only; its constants for MuJoCo are not public. Continuous control, its constants and the sizes of its
/// replay are Rapid's reconstruction: Gaussian densities, the closed-form KL, everything else as on Atari.
/// </remarks>
public sealed record P3oOptions : SingleStepOptions
{
    /// <summary>"p3o".</summary>
    public override string Name => "p3o";

    /// <summary>Named group of defaults: "rapid" (the paper's loss, a replay that fits shorter runs), "fixed" (the same with a constant clip and
    /// KL weight in place of the ESS: the baseline that the paper argues against), "paper" (no accidental guards, KL summed over actions),
    /// "repo" (the authors' code with its published command).</summary>
    public override string Preset { get; init; } = "rapid";

    /// <summary>Off-policy steps after each on-policy step, in the mean.</summary>
    [Between(0, 100)] public double ReplayRatio { get; init; } = 2;

    /// <summary>Whether the number of off-policy steps is drawn or always the same.</summary>
    public ReplayDraw ReplayDraw { get; init; } = ReplayDraw.Poisson;

    /// <summary>Sequences of an off-policy batch, as a multiple of the environments of all actors (6 of 16 environments: 96
    /// sequences).</summary>
    [Between(1, 10_000)] public int SampleMultiplier { get; init; } = 6;

    /// <summary>Environment steps, of all environments together, that replay holds (Atari: 50,000 of each of 16 environments).</summary>
    [AtLeast(1)] public long ReplaySteps { get; init; } = 800_000;

    /// <summary>Environment steps, of all environments together, that replay must hold before off-policy steps begin (Atari: 15,000 of
    /// each).</summary>
    [Between(1, 1_000_000_000)] public long WarmUpSteps { get; init; } = 240_000;

    /// <summary>Where the clip of importance weights comes from.</summary>
    public TrustSource ClipSource { get; init; } = TrustSource.EffectiveSampleSize;

    /// <summary>The clip when clip_source is fixed, and while an ESS is not finite.</summary>
    [Above(0)] public double ImportanceClip { get; init; } = 1;

    /// <summary>Where the weight of the KL term comes from: 1 - ESS, or kl_coefficient.</summary>
    public TrustSource KlSource { get; init; } = TrustSource.EffectiveSampleSize;

    /// <summary>Weight of the KL term when kl_source is fixed, and while an ESS is not finite.</summary>
    [AtLeast(0)] public double KlCoefficient { get; init; } = 0.1;

    /// <summary>Which divergence between policy and behaviour is penalised.</summary>
    public PolicyDivergence Kl { get; init; } = PolicyDivergence.PolicyFromBehaviour;

    /// <summary>The entropy bonus also in off-policy steps.</summary>
    public bool OffPolicyEntropy { get; init; }

    /// <summary>As the authors' code: no on-policy step when the mean return is exactly 0, and a clip of 1e-7 when the ESS is 1.</summary>
    public bool RepoGuards { get; init; }
}

/// <summary>How many off-policy steps follow an on-policy one.</summary>
public enum ReplayDraw
{
    /// <summary>Poisson with mean replay_ratio.</summary>
    Poisson,
    /// <summary>replay_ratio, rounded.</summary>
    Fixed,
}

/// <summary>Where a trust-region constant comes from.</summary>
public enum TrustSource
{
    /// <summary>The normalised effective sample size of the batch.</summary>
    EffectiveSampleSize,
    /// <summary>An option.</summary>
    Fixed,
}

/// <summary>Divergences between the policy pi and the behaviour beta.</summary>
public enum PolicyDivergence
{
    /// <summary>KL(pi || beta), as the authors' code computes it.</summary>
    PolicyFromBehaviour,
    /// <summary>KL(beta || pi), as a summary of the paper has it.</summary>
    BehaviourFromPolicy,
    /// <summary>KL(pi || beta) over the number of actions: the authors' code exactly, whose loss averages over the class axis.</summary>
    Repo,
}
