using Rapid.Agents.OffPolicy;
using Rapid.Agents.State;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.Sac;

/// <summary>
/// Soft actor-critic for discrete actions (Christodoulou 2019): expectations over actions are exact, so that nothing is sampled.
/// </summary>
public sealed class DiscreteSacLearner : ITransitionLearner
{
    // CleanRL's sac_atari; the entropy of a policy cannot reach log(n) and still prefer anything.
    private const double PartOfGreatestEntropy = 0.89;

    private readonly SacOptions _options;
    private readonly DensePolicy _policy;
    private readonly TwinCritics _critics;
    private readonly Temperature _temperature;
    private readonly SacFigures _figures;
    private long _updates;

    /// <summary>Makes an untrained SAC.</summary>
    /// <param name="experiment">Its algorithm must be <see cref="SacOptions"/>.</param>
    /// <param name="layout">The policy's parameters, categorical.</param>
    /// <param name="device">Where the networks live.</param>
    public DiscreteSacLearner(ExperimentOptions experiment, PolicyLayout layout, Device device)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(device);
        _options = (SacOptions)experiment.Algorithm;
        _policy = new DensePolicy(experiment, layout, device);
        _critics = new TwinCritics(experiment, layout.ObservationSize, layout.Outputs, _policy.Tape, device);
        _temperature = new Temperature(_options, _options.TargetEntropy ?? PartOfGreatestEntropy * Math.Log(layout.Outputs), device);
        _figures = new SacFigures(_options.BatchSize, device);
    }

    /// <summary>Equation 12: J_pi = mean(sum_a pi(a|s) (alpha log pi(a|s) - min Q(s, a))).</summary>
    /// <param name="logProbabilities">[B, n].</param>
    /// <param name="values">[B, n], the smaller Q.</param>
    /// <param name="alpha">[1].</param>
    internal static Tensor PolicyLoss(Tensor logProbabilities, Tensor values, Tensor alpha) =>
        (logProbabilities.exp() * (alpha * logProbabilities - values)).sum(1).mean();

    /// <inheritdoc/>
    public void Update(TransitionBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        UpdateCritics(batch);
        _updates++;
        for (var i = 0; _updates % _options.PolicyDelay == 0 && i < _options.PolicyDelay; i++)
        {
            UpdatePolicy(batch);
        }

        if (_updates % _options.TargetDelay == 0)
        {
            _critics.Track();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, double Value)> ReadFigures() => _figures.Read(_temperature, _critics, _policy);

    /// <inheritdoc/>
    public void ReadErrors(Span<float> errors) => _critics.ReadErrors(errors);

    /// <inheritdoc/>
    public Tensor Parameters => _policy.Parameters;

    /// <inheritdoc/>
    public void Visit(StateBag bag)
    {
        ArgumentNullException.ThrowIfNull(bag);
        _policy.Visit(bag);
        _critics.Visit(bag);
        _temperature.Visit(bag);
        _updates = bag.Visit("algorithm_updates", _updates);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _figures.Dispose();
        _temperature.Dispose();
        _critics.Dispose();
        _policy.Dispose();
    }

    /// <summary>Equations 3 and 10: y = r + gamma sum_a' pi(a'|s') (min Q'(s', a') - alpha log pi(a'|s')), and the mean loss of Q(s, a) - y.</summary>
    private void UpdateCritics(TransitionBatch batch)
    {
        using var scope = NewDisposeScope();
        Tensor target;
        using (no_grad())
        {
            var next = _policy.Forward(batch.NextObservations).log_softmax(1);
            var softValue = (next.exp() * (_critics.TargetMinimum(batch.NextInputs) - _temperature.Alpha * next)).sum(1);
            target = batch.Rewards + batch.Continues * softValue;
        }

        var taken = _critics.Values(batch.Inputs).gather(2, batch.ActionIndices.unsqueeze(0).expand(2, -1, -1));
        _critics.Descend(taken - target.unsqueeze(1), batch.Weights);
    }

    private void UpdatePolicy(TransitionBatch batch)
    {
        using var scope = NewDisposeScope();
        var logProbabilities = _policy.Forward(batch.Observations).log_softmax(1);
        var values = ValuesOf(batch);
        _policy.Descend(PolicyLoss(logProbabilities, values, _temperature.Alpha));
        using var noGrad = no_grad();
        var probabilities = logProbabilities.exp();
        _figures.Keep((probabilities * values).sum(1), (probabilities * logProbabilities).sum(1));
        if (_temperature.IsAdapted)
        {
            var now = _policy.Forward(batch.Observations).log_softmax(1);
            _temperature.Descend((now.exp() * now).sum(1).mean());
        }
    }

    private Tensor ValuesOf(TransitionBatch batch)
    {
        using var noGrad = no_grad();
        return TwinCritics.SmallerOf(_critics.Values(batch.Inputs));
    }
}
