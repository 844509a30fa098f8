using Rapid.Agents;
using Rapid.Agents.A2c;
using Rapid.Agents.OnPolicy;
using Rapid.Environments;
using Rapid.Protocol.Specs;

[assembly: Agent<A2cAgent>]

namespace Rapid.Agents.A2c;

/// <summary>Advantage actor-critic, synchronous (Mnih et al. 2016, section 4).</summary>
public sealed class A2cAgent : OnPolicyAgent<A2cOptions>
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Presets => A2cPresets.Names;

    /// <inheritdoc/>
    public override ExperimentOptions Default(EnvironmentInfo environment, string preset) => A2cPresets.Make(environment, preset);

    /// <inheritdoc/>
    public override ILearner CreateLearner(LearnerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new AdvantageActorCritic(context.Experiment, context.Layout, context.Device);
    }
}
