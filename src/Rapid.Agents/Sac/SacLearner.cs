using System.Text.Json.Nodes;
using Rapid.Agents.Networks;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.Sac;

/// <summary>Soft actor-critic for continuous actions (Haarnoja et al. 2018, "Soft Actor-Critic Algorithms and Applications").</summary>
public sealed class SacLearner : ITransitionLearner
{
    private readonly SacOptions _options;
    private readonly PolicyLayout _layout;
    private readonly SquashedGaussian _distribution;
    private readonly DensePolicy _policy;
    private readonly TwinCritics _critics;
    private readonly Temperature _temperature;
    private readonly NoiseSource _noise;
    private readonly Tensor _actionGradient, _errors;
    private readonly DeviceBatch _onDevice;
    private readonly SacFigures _figures;
    private long _updates;

    /// <summary>Makes an untrained SAC.</summary>
    /// <param name="experiment">Its algorithm must be <see cref="SacOptions"/>.</param>
    /// <param name="layout">The policy's parameters, a squashed Gaussian.</param>
    /// <param name="device">Where the networks live.</param>
    public SacLearner(ExperimentOptions experiment, PolicyLayout layout, Device device)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(device);
        (_options, _layout) = ((SacOptions)experiment.Algorithm, layout);
        var (network, rows) = (experiment.Network, _options.BatchSize);
        RandomStream Stream(ulong role) => new(RandomStream.Derive(experiment.Seed, role));
        _distribution = SquashedGaussian.Create(layout, rows, device);
        _policy = new DensePolicy(layout, _options, network, Stream(SacSeeds.Policy), device);
        _critics = new TwinCritics(_options, network, layout.ObservationSize + layout.ActionSize, 1, Stream(SacSeeds.Critics), device);
        _temperature = new Temperature(_options, _options.TargetEntropy ?? -layout.ActionSize, device);
        _noise = new NoiseSource(RandomStream.Derive(experiment.Seed, SacSeeds.Noise), rows, layout.ActionSize, device);
        _actionGradient = zeros(rows, layout.ActionSize, device: device);
        _errors = zeros(2, rows, device: device);
        _onDevice = new DeviceBatch(layout, _options, device);
        _figures = new SacFigures(device);
    }

    /// <inheritdoc/>
    public void Update(TransitionBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var noGrad = no_grad();
        batch = _onDevice.Of(batch);
        UpdateCritics(batch);
        _updates++;
        if (_updates % _options.PolicyDelay == 0)
        {
            UpdatePolicyAndTemperature(batch);
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
        _noise.Save(tensors);
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
        _noise.Load(tensors);
        _updates = (long)state["algorithm_updates"]!;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _figures.Dispose();
        _onDevice.Dispose();
        _errors.Dispose();
        _actionGradient.Dispose();
        _noise.Dispose();
        _temperature.Dispose();
        _critics.Dispose();
        _policy.Dispose();
        _distribution.Dispose();
    }

    /// <summary>
    /// Equations 5 to 7: y = r + gamma (min Q'(s', a') - alpha log pi(a'|s')), a' from the policy; both critics towards y.
    /// </summary>
    private void UpdateCritics(TransitionBatch batch)
    {
        using var scope = NewDisposeScope();
        var next = _distribution.Draw(_policy.Forward(batch.NextObservations), _noise.Draw(), batch.NextActions);
        var softValue = _critics.TargetMinimum(batch.NextInputs).view(-1) - _temperature.Alpha * next.LogProbability;
        var target = batch.Rewards + batch.Continues * softValue;
        _errors.copy_(_critics.Values(batch.Inputs).squeeze(2) - target);
        _critics.Descend(_errors, batch.Weights);
    }

    /// <summary>As many steps as were left out since the last time. The temperature's sample is of the policy as it is after its step, and
    /// so of the same heads as the next step's sample.</summary>
    private void UpdatePolicyAndTemperature(TransitionBatch batch)
    {
        using var scope = NewDisposeScope();
        var head = _policy.Forward(batch.Observations);
        for (var i = 1; i <= _options.PolicyDelay; i++)
        {
            DescendPolicy(batch, head);
            if (_temperature.IsAdapted || i < _options.PolicyDelay)
            {
                head = _policy.Forward(batch.Observations);
            }

            if (_temperature.IsAdapted)
            {
                _temperature.Descend(_distribution.Draw(head, _noise.Draw(), batch.Actions).LogProbability.mean());
            }
        }
    }

    /// <summary>Equation 9: the gradient of mean(alpha log pi(a|s) - min Q(s, a)) through the reparameterised action a.</summary>
    private void DescendPolicy(TransitionBatch batch, Tensor head)
    {
        using var scope = NewDisposeScope();
        var sample = _distribution.Draw(head, _noise.Draw(), batch.Actions);
        var minimum = _critics.MinimumGradient(batch.Inputs, _layout.ObservationSize, _actionGradient);
        _distribution.Backward(sample, _actionGradient, _temperature.Alpha * (1.0 / _options.BatchSize), _policy.HeadGradient.squeeze(0));
        _policy.Descend();
        _figures.Keep(minimum, sample.LogProbability);
    }
}
