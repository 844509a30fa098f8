using Rapid.Agents.Networks;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.P3o;

/// <summary>
/// Policy-on policy-off policy optimisation (Fakoor, Chaudhari and Smola 2019). After A2C's step on fresh rollouts come k ~ Poisson steps
/// on replayed sequences; the effective sample size of each batch says how far its importance weights are trusted and how strongly the
/// policy is held to the behaviour.
/// </summary>
public sealed class P3oLearner : IReplayingLearner
{
    // Part of the run's seed: ASCII of "pois".
    private const ulong ReplayRole = 0x706F6973;

    // The authors' code: in the ratio's denominator, in the effective sample size, and the floor of the KL weight.
    private const double Epsilon = 1e-7;

    private readonly P3oOptions _options;
    private readonly AdvantageActorCritic _onPolicy;
    private readonly SequenceBatch _replayed;
    private readonly RandomStream _draws;
    private P3oDiagnostics _diagnostics;

    /// <summary>Makes an untrained P3O.</summary>
    /// <param name="experiment">Its algorithm must be <see cref="P3oOptions"/>.</param>
    /// <param name="layout">The policy's parameters.</param>
    /// <param name="device">Where the network lives.</param>
    public P3oLearner(ExperimentOptions experiment, PolicyLayout layout, Device device)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        _options = (P3oOptions)experiment.Algorithm;
        ReplaySequences = _options.SampleMultiplier * experiment.Actors.Environments * experiment.Actors.Count;
        _onPolicy = new AdvantageActorCritic(experiment, layout, device);
        _replayed = new SequenceBatch(layout, _options, ReplaySequences, device);
        _draws = new RandomStream(RandomStream.Derive(experiment.Seed, ReplayRole));
    }

    /// <inheritdoc/>
    public int BatchSteps => _onPolicy.BatchSteps;

    /// <inheritdoc/>
    public int ReplaySequences { get; }

    /// <summary>The network that learns.</summary>
    internal ActorCritic Policy => _onPolicy.Policy;

    /// <summary>w = pi(a|s) / (beta(a|s) + epsilon), without gradient.</summary>
    /// <param name="logProbabilities">[n], log pi(a|s).</param>
    /// <param name="behaviourLogProbabilities">[n], log beta(a|s).</param>
    /// <param name="epsilon">0 for densities, which are small by themselves where there are many dimensions.</param>
    internal static Tensor ImportanceWeights(Tensor logProbabilities, Tensor behaviourLogProbabilities, double epsilon)
    {
        using var scope = NewDisposeScope();
        var weights = epsilon > 0
            ? logProbabilities.exp() / (behaviourLogProbabilities.exp() + epsilon)
            : (logProbabilities - behaviourLogProbabilities).exp();
        return weights.detach().MoveToOuterDisposeScope();
    }

    /// <summary>Normalised effective sample size, ((sum w)^2 / sum w^2 + epsilon) / n: 1 when all weights are equal, 1 / n when one is
    /// alone.</summary>
    internal static double EffectiveSampleSize(ReadOnlySpan<float> weights)
    {
        double sum = 0, squares = 0;
        foreach (var weight in weights)
        {
            sum += weight;
            squares += (double)weight * weight;
        }

        return (sum * sum / squares + Epsilon) / weights.Length;
    }

    /// <summary>Clip c of importance weights and weight lambda of the KL term: c = ESS and lambda = 1 - ESS, or constants.</summary>
    internal static (double Clip, double KlWeight) TrustRegion(double effectiveSampleSize, P3oOptions options)
    {
        if (!double.IsFinite(effectiveSampleSize))
        {
            return (options.ImportanceClip, options.KlCoefficient);
        }

        var clip = options.ClipSource == TrustSource.Fixed ? options.ImportanceClip : Math.Min(effectiveSampleSize, 1);
        var klWeight = options.KlSource == TrustSource.Fixed ? options.KlCoefficient : 1 - effectiveSampleSize;
        if (klWeight > Epsilon || options.KlSource == TrustSource.Fixed)
        {
            return (clip, klWeight);
        }

        // The authors' guard also closes the clip, and so silences the policy gradient exactly where data are perfectly on-policy.
        return (options.RepoGuards ? Epsilon : clip, Epsilon);
    }

    /// <summary>-mean(min(w, c) A log pi): a score-function weight, no gradient goes through the ratio.</summary>
    /// <param name="logProbabilities">[n].</param>
    /// <param name="weights">[n], no gradient.</param>
    /// <param name="advantages">[n], no gradient.</param>
    /// <param name="clip">c.</param>
    internal static Tensor PolicyLoss(Tensor logProbabilities, Tensor weights, Tensor advantages, double clip)
    {
        using var scope = NewDisposeScope();
        return ActorCriticLosses.PolicyGradientLoss(logProbabilities, weights.clamp_max(clip) * advantages).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, double Value)> Update(
        IReadOnlyList<Trajectory> blocks, double progress, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var returns = _onPolicy.Assemble(blocks);
        return _options.RepoGuards && System.Numerics.Tensors.TensorPrimitives.Sum(returns) == 0
            ? []
            : _onPolicy.Step(_onPolicy.LearningRateAt(progress));
    }

    /// <inheritdoc/>
    public int DrawReplays() => _options.ReplayDraw == ReplayDraw.Fixed
        ? (int)Math.Round(_options.ReplayRatio)
        : Poisson(_draws, _options.ReplayRatio);

    /// <inheritdoc/>
    public void Replay(Trajectory sequences, double progress)
    {
        using var scope = NewDisposeScope();
        _replayed.Load(sequences, _onPolicy.Rewards);
        var (loss, figures) = OffPolicyLoss(_replayed);
        _onPolicy.Descent.Step(loss, _onPolicy.LearningRateAt(progress), out var norm);
        _diagnostics.Add(figures with { GradientNorm = norm });
    }

    /// <summary>L = -mean(min(w, c) A log pi) + c_v mean((R - V)^2) + lambda K, less c_e mean(H) when asked for.</summary>
    internal (Tensor Loss, P3oFigures Figures) OffPolicyLoss(SequenceBatch batch)
    {
        var (allHeads, allValues) = Policy.Forward(batch.Observations);
        batch.EstimateAdvantages(allValues, Policy.ValuesOf);
        var (head, values) = (allHeads.narrow(0, 0, batch.Rows), allValues.narrow(0, 0, batch.Rows));

        var (logProbabilities, behaviourLogProbabilities, divergence, entropy) = Compare(head, batch);
        var weights = ImportanceWeights(logProbabilities, behaviourLogProbabilities, Policy.Layout.IsDiscrete ? Epsilon : 0);
        using var onHost = weights.cpu();
        var effectiveSampleSize = EffectiveSampleSize(TensorMemory.Floats(onHost));
        var (clip, klWeight) = TrustRegion(effectiveSampleSize, _options);

        var policyLoss = PolicyLoss(logProbabilities, weights, batch.Advantages, clip);
        var valueLoss = ActorCriticLosses.ValueLoss(values, batch.Returns);
        var loss = policyLoss + _options.ValueCoefficient * valueLoss + klWeight * divergence;
        if (_options.OffPolicyEntropy)
        {
            loss -= _options.EntropyCoefficient * entropy;
        }

        return (loss, new P3oFigures(
            effectiveSampleSize, clip, klWeight, weights.mean().ToDouble(), divergence.ToDouble(), policyLoss.ToDouble(),
            valueLoss.ToDouble(), GradientNorm: 0));
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, double Value)> TakeReplayFigures()
    {
        var figures = _diagnostics.Means();
        _diagnostics = new P3oDiagnostics();
        return figures;
    }

    /// <inheritdoc/>
    public Tensor Parameters => _onPolicy.Parameters;

    /// <inheritdoc/>
    public Tensor Gradients => _onPolicy.Gradients;

    /// <inheritdoc/>
    public void Visit(StateBag bag)
    {
        ArgumentNullException.ThrowIfNull(bag);
        _onPolicy.Visit(bag);
        bag.Visit("replay_draws", _draws);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _replayed.Dispose();
        _onPolicy.Dispose();
    }

    /// <summary>Knuth's product of uniform numbers (TAOCP 3.4.1), which suits the small means allowed.</summary>
    internal static int Poisson(RandomStream random, double mean)
    {
        var limit = Math.Exp(-mean);
        var count = 0;
        for (var product = random.NextDouble(); product > limit; product *= random.NextDouble())
        {
            count++;
        }

        return count;
    }

    /// <summary>log pi(a|s) [n], log beta(a|s) [n], the mean divergence and the mean entropy, both scalars.</summary>
    private (Tensor LogProbabilities, Tensor BehaviourLogProbabilities, Tensor Divergence, Tensor Entropy) Compare(
        Tensor head, SequenceBatch batch)
    {
        var (actions, behaviour) = (batch.Actions, batch.Behaviour);
        if (Policy.LogStd is { } logStd)
        {
            return (
                DiagonalGaussian.LogProbability(head, logStd, actions),
                DiagonalGaussian.LogProbability(behaviour, batch.BehaviourLogStd, actions),
                Mean(_options.Kl == PolicyDivergence.BehaviourFromPolicy
                    ? DiagonalGaussian.Divergence(behaviour, batch.BehaviourLogStd, head, logStd)
                    : DiagonalGaussian.Divergence(head, logStd, behaviour, batch.BehaviourLogStd)),
                DiagonalGaussian.Entropy(logStd));
        }

        var logits = head.log_softmax(1);
        return (
            Categorical.LogProbability(logits, actions),
            Categorical.LogProbability(behaviour, actions),
            Mean(_options.Kl == PolicyDivergence.BehaviourFromPolicy
                ? Categorical.Divergence(behaviour, logits)
                : Categorical.Divergence(logits, behaviour)),
            Categorical.MeanEntropy(logits));
    }

    /// <summary>Over samples and, in the authors' form, also over the actions (discrete) or dimensions (continuous).</summary>
    private Tensor Mean(Tensor divergences) =>
        _options.Kl == PolicyDivergence.Repo ? divergences.mean() / Policy.Layout.Outputs : divergences.mean();
}
