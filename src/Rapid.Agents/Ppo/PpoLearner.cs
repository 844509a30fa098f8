using Rapid.Agents.Networks;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.Optimizers;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.Ppo;

/// <summary>Proximal policy optimisation with a clipped surrogate (Schulman et al. 2017).</summary>
public sealed class PpoLearner : IRolloutLearner
{
    // Parts of the run's seed: ASCII of "init" and "shuf".
    private const ulong InitializationRole = 0x696E6974, ShuffleRole = 0x73687566;

    private readonly PpoOptions _options;
    private readonly ActorCritic _policy;
    private readonly ClippedDescent _descent;
    private readonly RolloutBatch _batch;
    private readonly Minibatches _minibatches;
    private readonly RewardNormalizer? _rewards;
    private readonly RandomStream _shuffle;
    private readonly int[] _order;

    /// <summary>Makes an untrained PPO.</summary>
    /// <param name="experiment">Its algorithm must be <see cref="PpoOptions"/>.</param>
    /// <param name="layout">The policy's parameters.</param>
    /// <param name="device">Where the network lives.</param>
    public PpoLearner(ExperimentOptions experiment, PolicyLayout layout, Device device)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        _options = (PpoOptions)experiment.Algorithm;
        BatchSteps = _options.RolloutSteps * experiment.Actors.Environments * experiment.Actors.Count;
        _shuffle = new RandomStream(RandomStream.Derive(experiment.Seed, ShuffleRole));
        var random = new RandomStream(RandomStream.Derive(experiment.Seed, InitializationRole));
        _policy = new ActorCritic(layout, experiment.Network, random, device);
        var adam = new FlatAdam(_policy.Parameters, _policy.Gradients, _options.AdamEpsilon);
        _descent = new ClippedDescent(_policy, adam, _options.MaxGradientNorm);
        _batch = new RolloutBatch(layout, _options, BatchSteps, _options.RecomputeBaseline);
        _minibatches = new Minibatches(layout, BatchSteps, _options.Minibatches, device);
        _rewards = experiment.Normalization.Rewards ? new RewardNormalizer((float)experiment.Normalization.RewardClip) : null;
        _order = [.. Enumerable.Range(0, BatchSteps)];
    }

    /// <inheritdoc/>
    public int BatchSteps { get; }

    /// <summary>Equation 7: -mean(min(r A, clip(r, 1 - e, 1 + e) A)).</summary>
    /// <param name="ratio">[B], pi(a|s) / pi_old(a|s).</param>
    /// <param name="advantages">[B], no gradient.</param>
    /// <param name="epsilon">Clip range e.</param>
    internal static Tensor SurrogateLoss(Tensor ratio, Tensor advantages, double epsilon) =>
        -minimum(ratio * advantages, ratio.clamp(1 - epsilon, 1 + epsilon) * advantages).mean();

    /// <summary>Half the mean of the larger of the plain and the clipped squared error (OpenAI baselines, ppo2).</summary>
    /// <param name="values">[B].</param>
    /// <param name="oldValues">[B], estimates when the data were made.</param>
    /// <param name="returns">[B].</param>
    /// <param name="epsilon">How far a value may move from the old one.</param>
    internal static Tensor ClippedValueLoss(Tensor values, Tensor oldValues, Tensor returns, double epsilon)
    {
        var clipped = oldValues + (values - oldValues).clamp(-epsilon, epsilon);
        return maximum((values - returns).square(), (clipped - returns).square()).mean() * 0.5;
    }

    /// <summary>(A - mean) / (deviation + epsilon), in place. A deviation within the rounding of the advantages is none: they are all
    /// equal, and no action is better than another.</summary>
    internal static void Normalize(Span<float> advantages, Deviation deviation, double epsilon)
    {
        var spread = Dispersion.Of(advantages);
        var distance = spread.Deviation(deviation == Deviation.Population ? spread.Count : Math.Max(1, spread.Count - 1));
        var scale = distance > 0 ? 1 / (distance + epsilon) : 0;
        foreach (ref var advantage in advantages)
        {
            advantage = (float)((advantage - spread.Mean) * scale);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, double Value)> Update(
        IReadOnlyList<Trajectory> blocks, double progress, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        var before = new StateBag();
        Visit(before);
        try
        {
            return Learn(blocks, progress, cancellation);
        }
        catch (OperationCanceledException)
        {
            // An update may take longer than a stop may wait, and a checkpoint never holds half of one.
            Visit(before.ToRestore());
            throw;
        }
    }

    /// <inheritdoc/>
    public Tensor Parameters => _policy.Parameters;

    /// <inheritdoc/>
    public Tensor Gradients => _policy.Gradients;

    /// <inheritdoc/>
    public void Visit(StateBag bag)
    {
        ArgumentNullException.ThrowIfNull(bag);
        _descent.Visit(bag);
        bag.Visit("shuffle", _shuffle);

        // A shuffle begins with what the one before it left.
        bag.VisitPermutation("minibatch.order", _order);
        if (_rewards is not null)
        {
            bag.Visit("reward_normalizer", _rewards.Statistics);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _minibatches.Dispose();
        _descent.Dispose();
        _policy.Dispose();
    }

    private IReadOnlyList<(string Name, double Value)> Learn(
        IReadOnlyList<Trajectory> blocks, double progress, CancellationToken cancellation)
    {
        var learningRate = _options.LearningRate * _options.LearningRateSchedule.FactorAt(progress);
        var clipRange = _options.ClipRange * _options.ClipRangeSchedule.FactorAt(progress);
        Assemble(blocks, cancellation);
        var explainedVariance = _batch.ExplainedVariance();

        PpoDiagnostics diagnostics;
        var epochs = 0;
        do
        {
            var isAsked = _options.TargetKl > 0 || epochs == _options.Epochs - 1;
            diagnostics = new PpoDiagnostics();
            _shuffle.Shuffle<int>(_order);
            foreach (var minibatch in _minibatches.Gather(_batch, _order, NormalizeMinibatch))
            {
                cancellation.ThrowIfCancellationRequested();
                Descend(minibatch, learningRate, clipRange, isAsked, ref diagnostics);
            }

            epochs++;
        }
        while (epochs < _options.Epochs && !(_options.TargetKl > 0 && diagnostics.ApproximateKl > _options.TargetKl));

        return
        [
            ("learning_rate", learningRate),
            ("clip_range", clipRange),
            ("epochs", epochs),
            .. diagnostics.Figures(),
            ("explained_variance", explainedVariance),
            ("skipped_gradient_steps", _descent.SkippedSteps),
        ];
    }

    private void Assemble(IReadOnlyList<Trajectory> blocks, CancellationToken cancellation)
    {
        _batch.Clear();
        foreach (var block in blocks)
        {
            cancellation.ThrowIfCancellationRequested();
            _batch.Append(block, _rewards, _policy.ValuesOf);
        }

        if (_options.AdvantageNormalization == AdvantageNormalization.Batch)
        {
            Normalize(_batch.Advantages, _options.AdvantageDeviation, _options.AdvantageEpsilon);
        }

        if (_options.RecomputeBaseline)
        {
            CentreOnNewestPolicy(cancellation);
        }
    }

    private void NormalizeMinibatch(Span<float> advantages)
    {
        if (_options.AdvantageNormalization == AdvantageNormalization.Minibatch)
        {
            Normalize(advantages, _options.AdvantageDeviation, _options.AdvantageEpsilon);
        }
    }

    /// <summary>One gradient step on one minibatch (algorithm 1, inner loop).</summary>
    private void Descend(Minibatch minibatch, double learningRate, double clipRange, bool isAsked, ref PpoDiagnostics diagnostics)
    {
        using var scope = NewDisposeScope();
        var (head, values) = _policy.Forward(minibatch.Observations);
        var (logProbabilities, entropy) = _policy.Score(head, minibatch.Actions);
        var logRatio = logProbabilities - minibatch.LogProbabilities;
        var policyLoss = SurrogateLoss(logRatio.exp(), minibatch.Advantages, clipRange);
        var valueLoss = _options.ClipValueLoss
            ? ClippedValueLoss(values, minibatch.Values, minibatch.Returns, clipRange)
            : ActorCriticLosses.ValueLoss(values, minibatch.Returns);
        var loss = policyLoss + _options.ValueCoefficient * valueLoss;
        if (_options.EntropyCoefficient != 0)
        {
            loss -= _options.EntropyCoefficient * entropy;
        }

        // Also of a step that was not taken: the figures say which of them was not finite.
        _descent.Step(loss, learningRate, out var norm);
        if (isAsked)
        {
            diagnostics.Add(logRatio, clipRange, policyLoss.ToSingle(), valueLoss.ToSingle(), entropy.ToSingle(), norm);
        }
    }

    /// <summary>
    /// Decoupled objective (Hilton et al. 2021, eq. 3): the ratio that is clipped is taken to the policy as it is before this update, and
    /// the advantage is weighted by how much likelier that policy makes the action than the behaviour policy did.
    /// </summary>
    private void CentreOnNewestPolicy(CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        int[] inOrder = [.. Enumerable.Range(0, BatchSteps)];
        var row = 0;
        foreach (var minibatch in _minibatches.Gather(_batch, inOrder, static _ => { }))
        {
            cancellation.ThrowIfCancellationRequested();
            var (head, _) = _policy.Forward(minibatch.Observations);
            foreach (var logProbability in _policy.Score(head, minibatch.Actions).LogProbabilities.cpu().data<float>())
            {
                _batch.Weights[row] = MathF.Exp(logProbability - _batch.LogProbabilities[row]);
                _batch.LogProbabilities[row++] = logProbability;
            }
        }
    }
}
