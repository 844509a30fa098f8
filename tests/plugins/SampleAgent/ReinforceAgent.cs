using Rapid.Agents;
using Rapid.Agents.OnPolicy;
using Rapid.Environments;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using SampleAgent;

[assembly: Agent<ReinforceAgent>]

namespace SampleAgent;

/// <summary>REINFORCE (Williams 1992): the return of each step weights the gradient of its action's log-probability.</summary>
public sealed record ReinforceOptions : OnPolicyOptions
{
    public ReinforceOptions() => (RolloutSteps, LearningRate, Gae, TimeLimit) = (256, 0.05, false, TimeLimitRule.Terminal);

    public override string Name => "reinforce";

    public override string Preset { get; init; } = "default";

    /// <summary>Subtract the mean return of the batch, which changes no expectation and much noise.</summary>
    public bool Baseline { get; init; } = true;
}

/// <summary>Tells Rapid of REINFORCE.</summary>
public sealed class ReinforceAgent : OnPolicyAgent<ReinforceOptions>
{
    public override IReadOnlyList<string> Presets { get; } = ["default"];

    public override bool SeesFrames => false;

    public override ExperimentOptions Default(EnvironmentInfo environment, string preset)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return new ExperimentOptions
        {
            Name = environment.Name,
            Environment = new EnvironmentOptions { Name = environment.Name },
            Algorithm = new ReinforceOptions(),
            Lockstep = true,
            TotalSteps = 200_000,
            Actors = new ActorOptions { Environments = 4 },
            Network = new NetworkOptions { HiddenSizes = [32] },
        };
    }

    /// <summary>No values: what a rollout says of them is 0, so that its advantages are returns.</summary>
    public override PolicyPlan Policy(AlgorithmOptions options) => new();

    public override void Check(SpecCheck check)
    {
        base.Check(check);
        if (check.Experiment.Algorithm.TimeLimit == TimeLimitRule.Bootstrap)
        {
            check.Refuse("algorithm.time_limit", "'bootstrap' needs values, which reinforce has none of; allowed: zero_advantage, terminal");
        }
    }

    public override ILearner CreateLearner(LearnerContext context) => new ReinforceLearner(context);
}
