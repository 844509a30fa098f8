using Rapid.Agents.Networks;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.State;
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
        _policy = new DensePolicy(experiment, layout, device);
        _distribution = SquashedGaussian.Create(layout, _options.BatchSize, experiment.Seed, _policy.Tape, device);
        _critics = new TwinCritics(experiment, layout.ObservationSize + layout.ActionSize, 1, _policy.Tape, device);
        _temperature = new Temperature(_options, _options.TargetEntropy ?? -layout.ActionSize, device);
        _figures = new SacFigures(_options.BatchSize, device);
    }

    /// <inheritdoc/>
    public void Update(TransitionBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
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
    public Tensor Parameters => _policy.Parameters;

    /// <inheritdoc/>
    public void Visit(StateBag bag)
    {
        ArgumentNullException.ThrowIfNull(bag);
        _policy.Visit(bag);
        _critics.Visit(bag);
        _temperature.Visit(bag);
        _distribution.Visit(bag);
        _updates = bag.Visit("algorithm_updates", _updates);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _figures.Dispose();
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
        var (_, logProbability) = _distribution.Draw(_policy.Forward(batch.NextObservations), batch.NextActions);
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
                _temperature.Descend(_distribution.Draw(head, batch.Actions).LogProbability.mean());
            }
        }
    }

    /// <summary>Equation 9: J_pi = mean(alpha log pi(a|s) - min Q(s, a)), with a reparameterised action a.</summary>
    private void DescendPolicy(TransitionBatch batch, Tensor head)
    {
        using var scope = NewDisposeScope();
        var (actions, logProbability) = _distribution.Draw(head, batch.Actions);
        var value = TwinCritics.SmallerOf(_critics.Values(batch.Inputs, actions)).view(-1);
        _policy.Descend((_temperature.Alpha * logProbability - value).mean());
        _figures.Keep(value, logProbability);
    }
}
