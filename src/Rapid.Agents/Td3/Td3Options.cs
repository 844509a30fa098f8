using Rapid.Agents.OffPolicy;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.Td3;

/// <summary>Twin delayed deep deterministic policy gradient (Fujimoto, van Hoof and Meger 2018). Defaults: the authors' code as it is today, which
/// CleanRL's td3_continuous_action has, too.</summary>
public sealed record Td3Options : TwinCriticOptions
{
    /// <summary>Makes the defaults.</summary>
    public Td3Options() => (CriticLearningRate, WarmUpSteps) = (3e-4, 25_000);

    /// <summary>"td3".</summary>
    public override string Name => "td3";

    /// <summary>Named group of defaults: "rapid" (fewer random steps on classic tasks), "cleanrl" (also the authors' code), "paper" (step size
    /// 1e-3, batches of 100).</summary>
    public override string Preset { get; init; } = "rapid";

    /// <summary>The policy and all slow copies move every this many updates (paper, section 5.2: d = 2).</summary>
    [Between(1, 1000)] public int PolicyDelay { get; init; } = 2;

    /// <summary>Standard deviation of the noise on actors' actions, in half widths of the box of actions.</summary>
    [Between(0, 10)] public double ExplorationNoise { get; init; } = 0.1;

    /// <summary>Standard deviation of the noise on the target policy's actions, in half widths of the box (paper, section 5.3).</summary>
    [Between(0, 10)] public double TargetNoise { get; init; } = 0.2;

    /// <summary>That noise is clipped to plus and minus this, in half widths of the box (paper, section 5.3: c = 0.5).</summary>
    [Between(0, 10)] public double NoiseClip { get; init; } = 0.5;
}
