using Rapid.Agents.Networks;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.State;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.Td3;

/// <summary>
/// Twin delayed deep deterministic policy gradient (Fujimoto, van Hoof and Meger 2018, algorithm 1): the smaller of two critics, a policy that
/// moves less often than they do, and noise on the actions that targets are made of.
/// </summary>
public sealed class Td3Learner : ITransitionLearner
{
    private readonly Td3Options _options;
    private readonly DensePolicy _policy;
    private readonly SlowCopy _slowPolicy;
    private readonly TwinCritics _critics;
    private readonly NoiseSource _noise;
    private readonly Tensor _low, _high, _centre, _scale; // [act], of the box of actions
    private readonly Tensor _value; // [1], mean Q1 of the policy's actions
    private long _updates;

    /// <summary>Makes an untrained TD3.</summary>
    /// <param name="experiment">Its algorithm must be <see cref="Td3Options"/>.</param>
    /// <param name="layout">The policy's parameters, deterministic.</param>
    /// <param name="device">Where the networks live.</param>
    public Td3Learner(ExperimentOptions experiment, PolicyLayout layout, Device device)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(device);
        _options = (Td3Options)experiment.Algorithm;
        var box = layout.ActionBox!;
        _policy = new DensePolicy(experiment, layout, device);
        _slowPolicy = _policy.MakeSlowCopy(_options.Tau);
        _critics = new TwinCritics(experiment, layout.ObservationSize + layout.ActionSize, 1, _policy.Tape, device);
        _noise = new NoiseSource(experiment.Seed, _options.BatchSize, layout.ActionSize, device);
        (_low, _high) = (tensor(box.Low.ToArray(), device: device), tensor(box.High.ToArray(), device: device));
        (_centre, _scale) = ((_high + _low) / 2, (_high - _low) / 2);
        _value = zeros(1, device: device);
    }

    /// <inheritdoc/>
    public void Update(TransitionBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        UpdateCritics(batch);
        _updates++;
        if (_updates % _options.PolicyDelay == 0)
        {
            UpdatePolicy(batch);
            _critics.Track();
            _slowPolicy.Track();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, double Value)> ReadFigures()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var numbers = new float[5];
        var (loss, error) = _critics.MeanErrors();
        TensorMemory.CopyTo(cat([loss, _value, error, _critics.BadGradients, _policy.BadGradients]), numbers);
        return
        [
            ("critic_loss", numbers[0]),
            ("policy_loss", -numbers[1]),
            ("q_value", numbers[1]),
            ("temporal_difference", numbers[2]),
            ("skipped_gradient_steps", numbers[3] + numbers[4]),
        ];
    }

    /// <inheritdoc/>
    public void ReadErrors(Span<float> errors) => _critics.ReadErrors(errors);

    /// <inheritdoc/>
    public Tensor Parameters => _policy.Parameters;

    /// <inheritdoc/>
    public void Visit(StateBag bag)
    {
        ArgumentNullException.ThrowIfNull(bag);
        _policy.Visit(bag);
        bag.Visit("policy.target", _slowPolicy.Weights.Flat);
        _critics.Visit(bag);
        _noise.Visit(bag);
        _updates = bag.Visit("algorithm_updates", _updates);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owned in (Tensor[])[_value, _scale, _centre, _high, _low])
        {
            owned.Dispose();
        }

        _noise.Dispose();
        _critics.Dispose();
        _slowPolicy.Dispose();
        _policy.Dispose();
    }

    private void UpdateCritics(TransitionBatch batch)
    {
        using var scope = NewDisposeScope();
        var target = Target(batch);
        _critics.Descend(_critics.Values(batch.Inputs) - target, batch.Weights);
    }

    /// <summary>
    /// Equation 14: y = r + gamma min Q'(s', clip(pi'(s') + clip(epsilon, -c, c))), epsilon ~ N(0, sigma): [B, 1].
    /// </summary>
    private Tensor Target(TransitionBatch batch)
    {
        using var noGrad = no_grad();
        var noise = (_noise.Draw() * _options.TargetNoise).clamp(-_options.NoiseClip, _options.NoiseClip) * _scale;
        var next = _centre + _scale * _policy.Forward(_slowPolicy, batch.NextObservations).tanh() + noise;
        batch.NextActions.copy_(next.maximum(_low).minimum(_high));
        return (batch.Rewards + batch.Continues * _critics.TargetMinimum(batch.NextInputs).view(-1)).unsqueeze(1);
    }

    /// <summary>The deterministic policy gradient: down -mean(Q1(s, pi(s))) (algorithm 1; Silver et al. 2014).</summary>
    private void UpdatePolicy(TransitionBatch batch)
    {
        using var scope = NewDisposeScope();
        var actions = _centre + _scale * _policy.Forward(batch.Observations).tanh();
        using (no_grad())
        {
            batch.Actions.copy_(actions);
        }

        var value = _critics.Values(batch.Inputs, actions).select(0, 0).mean();
        _policy.Descend(-value);
        using var noGrad = no_grad();
        _value.copy_(value);
    }
}
