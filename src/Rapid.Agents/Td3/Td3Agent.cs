using Rapid.Agents;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.Td3;
using Rapid.Environments;
using Rapid.Policies;
using Rapid.Protocol.Specs;

[assembly: Agent<Td3Agent>]

namespace Rapid.Agents.Td3;

/// <summary>Twin delayed deep deterministic policy gradient (Fujimoto, van Hoof and Meger 2018).</summary>
public sealed class Td3Agent : OffPolicyAgent<Td3Options>
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Presets => Td3Presets.Names;

    /// <inheritdoc/>
    public override bool TakesDiscreteActions => false;

    /// <summary>Beside the policy two critics of about its size, and slow copies of all three.</summary>
    public override int BytesPerParameter => 3 * (base.BytesPerParameter + sizeof(float));

    /// <inheritdoc/>
    public override ExperimentOptions Default(EnvironmentInfo environment, string preset) => Td3Presets.Make(environment, preset);

    /// <inheritdoc/>
    public override PolicyPlan Policy(AlgorithmOptions options) => new() { IsDeterministic = true };

    /// <inheritdoc/>
    public override Exploration Explore(AlgorithmOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Exploration { Deviation = ((Td3Options)options).ExplorationNoise };
    }

    /// <inheritdoc/>
    public override ILearner CreateLearner(LearnerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new Td3Learner(context.Experiment, context.Layout, context.Device);
    }
}
