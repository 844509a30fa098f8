using Rapid.Environments;
using Rapid.Policies;
using Rapid.Protocol.Specs;

namespace Rapid.Agents;

/// <summary>
/// All that Rapid knows of an algorithm: its options and their presets, the policy that acts, what actors record, the tables between actors and
/// learner, and the learner. One folder an algorithm, named by no file outside it (Hoffman et al. 2020, "Acme", has the same idea as a builder);
/// <see cref="AgentAttribute{TAgent}"/> makes it known.
/// </summary>
/// <remarks>
/// Actors, evaluators and readers of specs use all but <see cref="CreateLearner"/>, and run without libtorch. So no member here names a type
/// of TorchSharp's.
/// </remarks>
public abstract class Agent
{
    /// <summary>What the algorithm is called in a spec: "ppo".</summary>
    public abstract string Name { get; }

    /// <summary>The options record, a <see cref="AlgorithmOptions"/>.</summary>
    public abstract Type OptionsType { get; }

    /// <summary>Named groups of defaults, the default first.</summary>
    public abstract IReadOnlyList<string> Presets { get; }

    /// <summary>Whether it can learn from frames.</summary>
    public virtual bool SeesFrames => true;

    /// <summary>Whether it has a policy of discrete actions.</summary>
    public virtual bool TakesDiscreteActions => true;

    /// <summary>Bytes that the learner needs for each parameter of the policy: the parameter, its gradient, two moments of its optimiser, and
    /// what belongs to networks of the same size.</summary>
    public virtual int BytesPerParameter => 4 * sizeof(float);

    /// <summary>A complete experiment on an environment.</summary>
    /// <param name="environment">The task.</param>
    /// <param name="preset">One of <see cref="Presets"/>.</param>
    public abstract ExperimentOptions Default(EnvironmentInfo environment, string preset);

    /// <summary>What the network that acts is like.</summary>
    /// <param name="options">Of this agent's <see cref="OptionsType"/>.</param>
    public abstract PolicyPlan Policy(AlgorithmOptions options);

    /// <summary>What actors write down.</summary>
    public abstract Recording Recording { get; }

    /// <summary>What actors do to explore, once a run learns; before, the actions of an off-policy run are uniform.</summary>
    /// <param name="options">Of this agent's <see cref="OptionsType"/>.</param>
    public virtual Exploration Explore(AlgorithmOptions options) => Exploration.None;

    /// <summary>The tables of a run. Actors append to the queue if there is one, and otherwise to the table of transitions.</summary>
    /// <param name="experiment">Its algorithm is of this agent's.</param>
    public abstract IReadOnlyList<TablePlan> Tables(ExperimentOptions experiment);

    /// <summary>Refuses what does not fit together: rules between fields, which no limit of a single field can say.</summary>
    /// <param name="check">The experiment, and where problems go.</param>
    public abstract void Check(SpecCheck check);

    /// <summary>Makes an untrained learner: an <see cref="OnPolicy.IRolloutLearner"/> or an <see cref="OffPolicy.ITransitionLearner"/>.</summary>
    /// <param name="context">What it learns, and where it computes.</param>
    public abstract ILearner CreateLearner(LearnerContext context);
}

/// <summary>An agent whose options are of a record of its own.</summary>
/// <typeparam name="TOptions">The record; its defaults are those of the default preset.</typeparam>
public abstract class Agent<TOptions> : Agent
    where TOptions : AlgorithmOptions, new()
{
    /// <inheritdoc/>
    public sealed override string Name { get; } = new TOptions().Name;

    /// <inheritdoc/>
    public sealed override Type OptionsType => typeof(TOptions);
}
