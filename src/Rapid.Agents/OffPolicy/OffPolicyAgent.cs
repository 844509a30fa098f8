using Rapid.Protocol.Specs;

namespace Rapid.Agents.OffPolicy;

/// <summary>An agent that learns from transitions, drawn from a table again and again. Its learner is an
/// <see cref="ITransitionLearner"/>.</summary>
/// <typeparam name="TOptions">Its options.</typeparam>
public abstract class OffPolicyAgent<TOptions> : Agent<TOptions>
    where TOptions : OffPolicyOptions, new()
{
    /// <inheritdoc/>
    public override bool SeesFrames => false;

    /// <inheritdoc/>
    public override Recording Recording => Recording.Transitions;

    /// <summary>Actors append to the table of transitions. In lockstep they append to a queue, whose blocks the learner appends to the
    /// transitions in the order of slots.</summary>
    public override IReadOnlyList<TablePlan> Tables(ExperimentOptions experiment)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        var options = (OffPolicyOptions)experiment.Algorithm;
        var transitions = new TransitionsPlan(experiment.Replay.CapacitySteps, options.WarmUpSteps)
        {
            BatchSize = options.BatchSize,
            SamplesPerStep = options.UpdatesPerStep * options.BatchSize,
            NSteps = options.NSteps,
            Gamma = options.Gamma,
        };
        return experiment is { Lockstep: true, Offline: false } ? [transitions, new QueuePlan(experiment.RoundSteps)] : [transitions];
    }

    /// <inheritdoc/>
    public override void Check(SpecCheck check)
    {
        ArgumentNullException.ThrowIfNull(check);
        var experiment = check.Experiment;
        if (!experiment.Offline)
        {
            CheckCollection(check, (OffPolicyOptions)experiment.Algorithm);
        }

        if (experiment.Algorithm.TimeLimit == TimeLimitRule.ZeroAdvantage)
        {
            check.Refuse(
                "algorithm.time_limit",
                $"'zero_advantage' is not a rule of {Name}, which has no advantages; allowed: bootstrap, terminal");
        }

        if (experiment.Network.Shared)
        {
            check.Refuse(
                "network.shared", $"{Name} has no shared body: its policy and critics take different inputs; allowed: false");
        }

        if (experiment.Normalization.Rewards)
        {
            check.Refuse(
                "normalization.rewards", $"{Name} learns from raw rewards, scale them with algorithm.reward_scale; allowed: false");
        }
    }

    /// <summary>What only matters to a run that collects.</summary>
    private static void CheckCollection(SpecCheck check, OffPolicyOptions options)
    {
        var experiment = check.Experiment;
        if (experiment.TotalSteps <= options.WarmUpSteps)
        {
            check.Refuse("total_steps", $"{experiment.TotalSteps} is not more than algorithm.warm_up_steps {options.WarmUpSteps}");
        }

        if (experiment.Replay.CapacitySteps < Math.Max(options.WarmUpSteps, experiment.RoundSteps))
        {
            check.Refuse(
                "replay.capacity_steps",
                $"{experiment.Replay.CapacitySteps} is less than algorithm.warm_up_steps {options.WarmUpSteps} or one block "
                    + $"of each actor, {check.Round}");
        }

        if (options.NSteps > options.RolloutSteps)
        {
            check.Refuse(
                "algorithm.n_steps", $"{options.NSteps} is more than rollout_steps {options.RolloutSteps}: returns do not cross blocks");
        }
    }
}
