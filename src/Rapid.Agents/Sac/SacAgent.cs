using Rapid.Agents;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.Sac;
using Rapid.Environments;
using Rapid.Policies;
using Rapid.Protocol.Specs;

[assembly: Agent<SacAgent>]

namespace Rapid.Agents.Sac;

/// <summary>Soft actor-critic (Haarnoja et al. 2018), on boxes and on discrete actions (Christodoulou 2019).</summary>
public sealed class SacAgent : OffPolicyAgent<SacOptions>
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Presets => SacPresets.Names;

    /// <summary>Beside the policy two critics of about its size, and slow copies of both.</summary>
    public override int BytesPerParameter => base.BytesPerParameter + 2 * (base.BytesPerParameter + sizeof(float));

    /// <inheritdoc/>
    public override ExperimentOptions Default(EnvironmentInfo environment, string preset) => SacPresets.Make(environment, preset);

    /// <inheritdoc/>
    public override PolicyPlan Policy(AlgorithmOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PolicyPlan { Squashing = ((SacOptions)options).StdParameterization };
    }

    /// <inheritdoc/>
    public override ILearner CreateLearner(LearnerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Layout.IsDiscrete
            ? new DiscreteSacLearner(context.Experiment, context.Layout, context.Device)
            : new SacLearner(context.Experiment, context.Layout, context.Device);
    }
}
