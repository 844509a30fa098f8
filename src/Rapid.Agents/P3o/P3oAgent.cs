using Rapid.Agents;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.P3o;
using Rapid.Environments;
using Rapid.Protocol.Specs;

[assembly: Agent<P3oAgent>]

namespace Rapid.Agents.P3o;

/// <summary>Policy-on policy-off policy optimisation (Fakoor, Chaudhari and Smola 2019).</summary>
public sealed class P3oAgent : OnPolicyAgent<P3oOptions>
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Presets => P3oPresets.Names;

    /// <inheritdoc/>
    public override ExperimentOptions Default(EnvironmentInfo environment, string preset) => P3oPresets.Make(environment, preset);

    /// <summary>The KL term is between the policy and the whole distribution that each action was drawn from.</summary>
    public override Recording Recording => base.Recording with { HasDistributions = true };

    /// <summary>Beside the queue, replay that the learner appends to.</summary>
    public override IReadOnlyList<TablePlan> Tables(ExperimentOptions experiment)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        var options = (P3oOptions)experiment.Algorithm;
        var sequences = options.SampleMultiplier * experiment.Actors.Environments * experiment.Actors.Count;
        return [.. base.Tables(experiment), new SequencesPlan(options.ReplaySteps, options.WarmUpSteps, sequences)];
    }

    /// <inheritdoc/>
    public override void Check(SpecCheck check)
    {
        base.Check(check);
        var (experiment, options) = (check.Experiment, (P3oOptions)check.Experiment.Algorithm);
        if (options.ReplaySteps < Math.Max(options.WarmUpSteps, experiment.RoundSteps))
        {
            check.Refuse(
                "algorithm.replay_steps",
                $"{options.ReplaySteps} is less than algorithm.warm_up_steps {options.WarmUpSteps} or one block of each actor, {check.Round}");
        }

        var (environments, actors) = (experiment.Actors.Environments, experiment.Actors.Count);
        if ((options.RolloutSteps + 1L) * options.SampleMultiplier * environments * actors > int.MaxValue)
        {
            check.Refuse(
                "algorithm.sample_multiplier",
                $"{options.SampleMultiplier} times actors.environments {environments} times actors.count {actors} sequences of "
                    + $"{options.RolloutSteps} steps are too large a batch");
        }
    }

    /// <inheritdoc/>
    public override ILearner CreateLearner(LearnerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new P3oLearner(context.Experiment, context.Layout, context.Device);
    }
}
