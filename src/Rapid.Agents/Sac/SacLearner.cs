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
    private readonly SquashedGaussian _distribution;
    private readonly DensePolicy _policy;
    private readonly TwinCritics _critics;
    private readonly Temperature _temperature;
    private readonly NoiseSource _noise;
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
        _options = (SacOptions)experiment.Algorithm;
        var (network, rows, tape) = (experiment.Network, _options.BatchSize, new Tape());
        RandomStream Stream(ulong role) => new(RandomStream.Derive(experiment.Seed, role));
        _distribution = SquashedGaussian.Create(layout, rows, tape, device);
        _policy = new DensePolicy(layout, _options, network, Stream(SacSeeds.Policy), tape, device);
        _critics = new TwinCritics(
            _options, network, layout.ObservationSize + layout.ActionSize, 1, Stream(SacSeeds.Critics), tape, device);
        _temperature = new Temperature(_options, _options.TargetEntropy ?? -layout.ActionSize, device);
        _noise = new NoiseSource(RandomStream.Derive(experiment.Seed, SacSeeds.Noise), rows, layout.ActionSize, device);
        _onDevice = new DeviceBatch(layout, _options, device);
        _figures = new SacFigures(device);
    }

    /// <inheritdoc/>
    public void Update(TransitionBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
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
    public IReadOnlyList<(string Name, double Value)> ReadFigures() => _figures.Read(_temperature, _critics, _policy);

    /// <inheritdoc/>
    public void ReadErrors(Span<float> errors) => _critics.ReadErrors(errors);

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
        _noise.Dispose();
        _temperature.Dispose();
        _critics.Dispose();
        _policy.Dispose();
        _distribution.Dispose();
    }

    /// <summary>Equation 5, J_Q = mean(L(Q(s, a) - y)), of both critics.</summary>
    private void UpdateCritics(TransitionBatch batch)
    {
        using var scope = NewDisposeScope();
        var target = Target(batch);
        _critics.Descend(_critics.Values(batch.Inputs) - target, batch.Weights);
    }

    /// <summary>With equation 3: y = r + gamma (min Q'(s', a') - alpha log pi(a'|s')), a' from the policy: [B, 1].</summary>
    private Tensor Target(TransitionBatch batch)
    {
        using var noGrad = no_grad();
        var (_, logProbability) = _distribution.Draw(_policy.Forward(batch.NextObservations), _noise.Draw(), batch.NextActions);
        var softValue = _critics.TargetMinimum(batch.NextInputs).view(-1) - _temperature.Alpha * logProbability;
        return (batch.Rewards + batch.Continues * softValue).unsqueeze(1);
    }

    /// <summary>As many steps as were left out since the last time. The temperature's sample is of the policy as it is after its step, and
    /// so of the same heads as the next step's sample.</summary>
    private void UpdatePolicyAndTemperature(TransitionBatch batch)
    {
        using var scope = NewDisposeScope();
        var head = _policy.Forward(batch.Observations);
        for (var left = _options.PolicyDelay - 1; left >= 0; left--)
        {
            DescendPolicy(batch, head);
            using (enable_grad(left > 0))
            {
                head = _policy.Forward(batch.Observations);
            }

            if (_temperature.IsAdapted)
            {
                using var noGrad = no_grad();
                _temperature.Descend(_distribution.Draw(head, _noise.Draw(), batch.Actions).LogProbability.mean());
            }
        }
    }

    /// <summary>Equation 9: J_pi = mean(alpha log pi(a|s) - min Q(s, a)), with a reparameterised action a.</summary>
    private void DescendPolicy(TransitionBatch batch, Tensor head)
    {
        using var scope = NewDisposeScope();
        var (actions, logProbability) = _distribution.Draw(head, _noise.Draw(), batch.Actions);
        var (density, value) = (logProbability.mean(), TwinCritics.SmallerOf(_critics.Values(batch.Inputs, actions)).mean());
        _policy.Descend(_temperature.Alpha * density - value);
        _figures.Keep(value, density);
    }
}
