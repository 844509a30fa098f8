using Rapid.Agents;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.Ppo;
using Rapid.Environments;
using Rapid.Protocol.Specs;

[assembly: Agent<PpoAgent>]

namespace Rapid.Agents.Ppo;

/// <summary>Proximal policy optimisation (Schulman et al. 2017).</summary>
public sealed class PpoAgent : OnPolicyAgent<PpoOptions>
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Presets => PpoPresets.Names;

    /// <inheritdoc/>
    public override ExperimentOptions Default(EnvironmentInfo environment, string preset) => PpoPresets.Make(environment, preset);

    /// <inheritdoc/>
    public override void Check(SpecCheck check)
    {
        base.Check(check);
        var (batch, minibatches) = (check.Experiment.RoundSteps, ((PpoOptions)check.Experiment.Algorithm).Minibatches);
        if (batch <= int.MaxValue && batch % minibatches != 0)
        {
            check.Refuse("algorithm.minibatches", $"{minibatches} does not divide the batch of {check.Round}");
        }
    }

    /// <inheritdoc/>
    public override ILearner CreateLearner(LearnerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new PpoLearner(context.Experiment, context.Layout, context.Device);
    }
}
