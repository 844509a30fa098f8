using System.Text.Json.Nodes;
using Rapid.Agents.Networks;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.State;
using Rapid.Core;
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
    private readonly Tensor _errors;
    private readonly DeviceBatch _onDevice;
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
        RandomStream Stream(ulong role) => new(RandomStream.Derive(experiment.Seed, role));
        _policy = new DensePolicy(layout, _options, experiment.Network, Stream(SacSeeds.Policy), device);
        _critics = new TwinCritics(_options, experiment.Network, layout.ObservationSize, layout.Outputs, Stream(SacSeeds.Critics), device);
        _temperature = new Temperature(_options, _options.TargetEntropy ?? PartOfGreatestEntropy * Math.Log(layout.Outputs), device);
        _errors = zeros(2, _options.BatchSize, device: device);
        _onDevice = new DeviceBatch(layout, _options, device);
        _figures = new SacFigures(device);
    }

    /// <summary>
    /// Gradient of mean(sum_a pi(a) (alpha log pi(a) - Q(a))) by the logits: pi (f - sum pi f) / B with f in the brackets.
    /// </summary>
    /// <param name="logProbabilities">[B, n].</param>
    /// <param name="values">[B, n], Q.</param>
    /// <param name="alpha">[1].</param>
    internal static Tensor LogitGradient(Tensor logProbabilities, Tensor values, Tensor alpha)
    {
        var probabilities = logProbabilities.exp();
        var f = alpha * logProbabilities - values;
        var mean = (probabilities * f).sum(1, keepdim: true);
        return probabilities * (f - mean) * (1.0 / values.shape[0]);
    }

    /// <inheritdoc/>
    public void Update(TransitionBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var noGrad = no_grad();
        batch = _onDevice.Of(batch);
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
    public IReadOnlyList<(string Name, double Value)> ReadFigures() =>
        _figures.Read(_temperature.Alpha, _critics.BadGradients, _policy.BadGradients, _errors, _options.CriticLoss);

    /// <inheritdoc/>
    public void ReadErrors(Span<float> errors) => TwinCritics.ReadErrors(_errors, errors);

    /// <inheritdoc/>
    public void CopyParameters(Span<float> parameters) => TensorMemory.CopyTo(_policy.Parameters, parameters);

    /// <inheritdoc/>
    public void Save(IDictionary<string, TensorData> tensors, JsonObject state)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(state);
        _policy.Save(tensors, state);
        _critics.Save(tensors, state);
        _temperature.Save(tensors, state);
        state["algorithm_updates"] = _updates;
    }

    /// <inheritdoc/>
    public void Load(IReadOnlyDictionary<string, TensorData> tensors, JsonObject state)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(state);
        using var noGrad = no_grad();
        _policy.Load(tensors, state);
        _critics.Load(tensors, state);
        _temperature.Load(tensors, state);
        _updates = (long)state["algorithm_updates"]!;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _figures.Dispose();
        _onDevice.Dispose();
        _errors.Dispose();
        _temperature.Dispose();
        _critics.Dispose();
        _policy.Dispose();
    }

    /// <summary>y = r + gamma sum_a' pi(a'|s') (min Q'(s', a') - alpha log pi(a'|s')).</summary>
    private void UpdateCritics(TransitionBatch batch)
    {
        using var scope = NewDisposeScope();
        var next = _policy.Forward(batch.NextObservations).log_softmax(1);
        var softValue = (next.exp() * (_critics.TargetMinimum(batch.NextInputs) - _temperature.Alpha * next)).sum(1);
        var target = batch.Rewards + batch.Continues * softValue;
        var taken = _critics.Values(batch.Inputs).gather(2, batch.ActionIndices.unsqueeze(0).expand(2, -1, -1)).squeeze(2);
        _errors.copy_(taken - target);
        _critics.Descend(_errors, batch.Weights, batch.ActionIndices);
    }

    private void UpdatePolicy(TransitionBatch batch)
    {
        using var scope = NewDisposeScope();
        var logProbabilities = _policy.Forward(batch.Observations).log_softmax(1);
        var values = TwinCritics.SmallerOf(_critics.Values(batch.Inputs));
        _policy.HeadGradient.squeeze(0).copy_(LogitGradient(logProbabilities, values, _temperature.Alpha));
        _policy.Descend();
        var probabilities = logProbabilities.exp();
        var expected = (probabilities * logProbabilities).sum(1);
        _figures.Keep((probabilities * values).sum(1), expected);
        if (_temperature.IsAdapted)
        {
            var now = _policy.Forward(batch.Observations).log_softmax(1);
            _temperature.Descend((now.exp() * now).sum(1).mean());
        }
    }
}
