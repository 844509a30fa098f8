using Rapid.Agents.Networks;
using Rapid.Agents.Optimizers;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.OnPolicy;

/// <summary>Advantage actor-critic, synchronous (Mnih et al. 2016, section 4): one gradient step a batch of short rollouts.</summary>
public sealed class AdvantageActorCritic : IRolloutLearner
{
    // Part of the run's seed: ASCII of "init".
    private const ulong InitializationRole = 0x696E6974;

    private readonly SingleStepOptions _options;
    private readonly RolloutBatch _batch;
    private readonly Minibatches _tensors;
    private readonly int[] _inOrder;

    /// <summary>Makes an untrained A2C.</summary>
    /// <param name="experiment">Its algorithm must be <see cref="SingleStepOptions"/>.</param>
    /// <param name="layout">The policy's parameters.</param>
    /// <param name="device">Where the network lives.</param>
    public AdvantageActorCritic(ExperimentOptions experiment, PolicyLayout layout, Device device)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        _options = (SingleStepOptions)experiment.Algorithm;
        BatchSteps = _options.RolloutSteps * experiment.Actors.Environments * experiment.Actors.Count;
        var initial = new RandomStream(RandomStream.Derive(experiment.Seed, InitializationRole));
        Policy = new ActorCritic(layout, experiment.Network, initial, device);
        Descent = new ClippedDescent(Policy, MakeOptimizer(_options, Policy), _options.MaxGradientNorm);
        Rewards = experiment.Normalization.Rewards ? new RewardNormalizer((float)experiment.Normalization.RewardClip) : null;
        _batch = new RolloutBatch(layout, _options, BatchSteps);
        _tensors = new Minibatches(layout, BatchSteps, 1, device);
        _inOrder = [.. Enumerable.Range(0, BatchSteps)];
    }

    /// <inheritdoc/>
    public int BatchSteps { get; }

    /// <summary>The network that learns.</summary>
    internal ActorCritic Policy { get; }

    /// <summary>How it steps.</summary>
    internal ClippedDescent Descent { get; }

    /// <summary>What rewards are divided by; null when they are raw.</summary>
    internal RewardNormalizer? Rewards { get; }

    /// <summary>L = -mean(A log pi) + c_v mean((R - V)^2) - c_e mean(H).</summary>
    /// <param name="logProbabilities">[B].</param>
    /// <param name="entropy">Scalar.</param>
    /// <param name="values">[B].</param>
    /// <param name="advantages">[B], no gradient, as estimated: not normalised.</param>
    /// <param name="returns">[B].</param>
    /// <param name="options">The coefficients.</param>
    internal static (Tensor Loss, Tensor PolicyLoss, Tensor ValueLoss) Losses(
        Tensor logProbabilities, Tensor entropy, Tensor values, Tensor advantages, Tensor returns, SingleStepOptions options)
    {
        var policyLoss = ActorCriticLosses.PolicyGradientLoss(logProbabilities, advantages);
        var valueLoss = ActorCriticLosses.ValueLoss(values, returns);
        return (policyLoss + options.ValueCoefficient * valueLoss - options.EntropyCoefficient * entropy, policyLoss, valueLoss);
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, double Value)> Update(
        IReadOnlyList<Trajectory> blocks, double progress, CancellationToken cancellation = default)
    {
        // One minibatch: there is nothing to stop between.
        cancellation.ThrowIfCancellationRequested();
        Assemble(blocks);
        return Step(LearningRateAt(progress));
    }

    /// <summary>Reads a batch and estimates its advantages.</summary>
    /// <returns>[B], the value targets.</returns>
    internal ReadOnlySpan<float> Assemble(IReadOnlyList<Trajectory> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        _batch.Clear();
        foreach (var block in blocks)
        {
            _batch.Append(block, Rewards, Policy.ValuesOf);
        }

        return _batch.Returns;
    }

    /// <summary>Learns from the batch that was assembled.</summary>
    internal IReadOnlyList<(string Name, double Value)> Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        var batch = _tensors.Gather(_batch, _inOrder, static _ => { }).Single();
        var (head, values) = Policy.Forward(batch.Observations);
        var (logProbabilities, entropy) = Policy.Score(head, batch.Actions);
        var (loss, policyLoss, valueLoss) = Losses(logProbabilities, entropy, values, batch.Advantages, batch.Returns, _options);
        Descent.Step(loss, learningRate, out var norm);
        return
        [
            ("learning_rate", learningRate),
            ("policy_loss", policyLoss.ToDouble()),
            ("value_loss", valueLoss.ToDouble()),
            ("entropy", entropy.ToDouble()),
            ("gradient_norm", norm),
            ("explained_variance", _batch.ExplainedVariance()),
            ("skipped_gradient_steps", Descent.SkippedSteps),
        ];
    }

    /// <summary>Step size at a part of the run.</summary>
    internal double LearningRateAt(double progress) => _options.LearningRate * _options.LearningRateSchedule.FactorAt(progress);

    /// <inheritdoc/>
    public Tensor Parameters => Policy.Parameters;

    /// <inheritdoc/>
    public Tensor Gradients => Policy.Gradients;

    /// <inheritdoc/>
    public void Visit(StateBag bag)
    {
        ArgumentNullException.ThrowIfNull(bag);
        Descent.Visit(bag);
        if (Rewards is not null)
        {
            bag.Visit("reward_normalizer", Rewards.Statistics);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tensors.Dispose();
        Descent.Dispose();
        Policy.Dispose();
    }

    private static IFlatOptimizer MakeOptimizer(SingleStepOptions options, ActorCritic policy) => options.Optimizer == OptimizerKind.Adam
        ? new FlatAdam(policy.Parameters, policy.Gradients, options.OptimizerEpsilon)
        : new FlatRmsProp(policy.Parameters, policy.Gradients, options.RmspropSmoothing, options.OptimizerEpsilon, options.RmspropFlavour);
}
