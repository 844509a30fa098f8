using Rapid.Policies;
using Rapid.Protocol.Specs;

namespace Rapid.Agents.OnPolicy;

/// <summary>An agent that learns from each block once, while it is fresh. Its learner is an <see cref="IRolloutLearner"/>.</summary>
/// <typeparam name="TOptions">Its options.</typeparam>
public abstract class OnPolicyAgent<TOptions> : Agent<TOptions>
    where TOptions : OnPolicyOptions, new()
{
    /// <inheritdoc/>
    public override PolicyPlan Policy(AlgorithmOptions options) => new() { HasValueHead = true };

    /// <inheritdoc/>
    public override Recording Recording => Recording.Rollouts;

    /// <inheritdoc/>
    public override IReadOnlyList<TablePlan> Tables(ExperimentOptions experiment)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        var capacity = experiment.Replay.CapacitySteps;
        return [new QueuePlan(capacity > 0 ? capacity : experiment.RoundSteps)];
    }

    /// <inheritdoc/>
    public override void Check(SpecCheck check)
    {
        ArgumentNullException.ThrowIfNull(check);
        var (experiment, batch) = (check.Experiment, check.Experiment.RoundSteps);
        if (batch > int.MaxValue)
        {
            check.Refuse("algorithm.rollout_steps", $"a batch of {check.Round} is too large");
        }

        if (experiment.TotalSteps < batch)
        {
            check.Refuse("total_steps", $"{experiment.TotalSteps} is less than one batch of {check.Round}");
        }

        if (experiment.Replay.CapacitySteps != 0 && experiment.Replay.CapacitySteps < batch)
        {
            check.Refuse(
                "replay.capacity_steps",
                $"{experiment.Replay.CapacitySteps} is less than one batch of {check.Round}; 0 means exactly one");
        }
    }
}
