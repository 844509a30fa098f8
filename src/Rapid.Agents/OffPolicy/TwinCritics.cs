using Rapid.Agents.Networks;
using Rapid.Agents.Optimizers;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.OffPolicy;

/// <summary>Two Q-functions and their slow copies, side by side in flat buffers: one Adam, one moving average (van Hasselt 2010, Fujimoto
/// et al. 2018).</summary>
internal sealed class TwinCritics : IDisposable
{
    private const ulong SeedRole = 0x63726974; // part of the run's seed: ASCII of "crit"

    private readonly TwinCriticOptions _options;
    private readonly DenseNetwork _network;
    private readonly DenseWeights _online, _gradients;
    private readonly SlowCopy _target;
    private readonly Tape _tape;
    private readonly FlatAdam _adam;
    private readonly GradientGuard _guard;
    private readonly Tensor _values; // [2, B, outputs], a leaf
    private readonly Tensor _errors; // [2, B, 1], Q - y of the last step

    /// <param name="experiment">Network, loss, step size, Polyak averaging and seed.</param>
    /// <param name="inputs">Elements of an input.</param>
    /// <param name="outputs">Q-values of an input.</param>
    /// <param name="tape">Of the policy.</param>
    /// <param name="device">Where they live.</param>
    public TwinCritics(ExperimentOptions experiment, int inputs, int outputs, Tape tape, Device device)
    {
        (_options, _tape) = ((TwinCriticOptions)experiment.Algorithm, tape);
        var network = experiment.Network;
        var shape = new DenseShape(2, inputs, network.HiddenSizes, outputs, network.Activation);
        _network = DenseNetwork.Create(shape, _options.BatchSize, device);
        _values = Tape.Leaf(_network.Output, _network.OutputGradient);
        (_online, _gradients) = (new DenseWeights(shape, device), new DenseWeights(shape, device));
        var random = new RandomStream(RandomStream.Derive(experiment.Seed, SeedRole));
        _online.Set(DenseWeights.Initialize(shape, network, random));
        _target = new SlowCopy(_online, shape, _options.Tau, device);
        _adam = new FlatAdam(_online.Flat, _gradients.Flat, _options.AdamEpsilon);
        _guard = new GradientGuard(_gradients.Flat);
        _errors = zeros(2, _options.BatchSize, 1, device: device);
    }

    /// <summary>Scalar, gradients that were not finite and counted as zero.</summary>
    public Tensor BadGradients => _guard.Count;

    /// <summary>The loss of each sample; log cosh x = |x| + softplus(-2|x|) - log 2 does not overflow.</summary>
    /// <param name="error">Q - y.</param>
    /// <param name="loss">Which loss.</param>
    internal static Tensor Loss(Tensor error, CriticLoss loss) => loss switch
    {
        CriticLoss.LogCosh => error.abs() + (error.abs() * -2).softplus() - Math.Log(2),
        CriticLoss.HalfSquaredError => error * error * 0.5,
        _ => error * error,
    };

    /// <summary>min over two critics: [B, outputs].</summary>
    /// <param name="values">[2, B, outputs].</param>
    internal static Tensor SmallerOf(Tensor values) => values.select(0, 0).minimum(values.select(0, 1));

    /// <summary>The smaller of both targets' values: [B, outputs], without gradients.</summary>
    /// <param name="inputs">[B, in].</param>
    public Tensor TargetMinimum(Tensor inputs) => SmallerOf(_network.Forward(_target.Weights, inputs));

    /// <summary>Values of both critics: [2, B, outputs], until the next pass.</summary>
    /// <param name="inputs">[B, in].</param>
    public Tensor Values(Tensor inputs)
    {
        _network.Forward(_online, inputs);
        _tape.Record(_network, () => _network.Backward(_online, _gradients), _network.OutputGradient);
        return _values;
    }

    /// <summary>Values of actions that a policy made, for the policy to learn from: gradients go to the actions and not to the critics.</summary>
    /// <param name="inputs">[B, in], which ends with the actions.</param>
    /// <param name="actions">[B, act], the same as autograd knows them.</param>
    /// <returns>[2, B, outputs], until the next pass.</returns>
    public Tensor Values(Tensor inputs, Tensor actions)
    {
        _network.Forward(_online, inputs);
        _tape.Record(
            _network,
            () =>
            {
                using var gradient = zeros_like(actions);
                _network.Backward(_online, null, inputs.shape[1] - actions.shape[1], gradient);
                Tape.PassOn(actions, gradient);
            },
            _network.OutputGradient);
        return _values;
    }

    /// <summary>One step of both critics, each down the mean loss of its samples, weighted by their importance.</summary>
    /// <param name="errors">[2, B, 1], Q - y, of <see cref="Values(Tensor)"/>.</param>
    /// <param name="weights">[B].</param>
    public void Descend(Tensor errors, Tensor weights)
    {
        _tape.Backward((Loss(errors, _options.CriticLoss) * weights.unsqueeze(1)).sum() / _options.BatchSize);
        _guard.ZeroIfBad();
        _adam.Step(_options.CriticLearningRate);
        using var noGrad = no_grad();
        _errors.copy_(errors);
    }

    /// <summary>The slow copies move towards the critics.</summary>
    public void Track() => _target.Track();

    /// <summary>Means over both critics and the samples of the last step: the loss and the absolute error, [1] each.</summary>
    public (Tensor Loss, Tensor Error) MeanErrors() => (Loss(_errors, _options.CriticLoss).mean().view(1), _errors.abs().mean().view(1));

    /// <summary>Mean of both critics' absolute errors of the last step. Waits for the device.</summary>
    /// <param name="absolute">[B].</param>
    public void ReadErrors(Span<float> absolute)
    {
        using var scope = NewDisposeScope();
        TensorMemory.CopyTo(_errors.abs().mean([0L, 2L]), absolute);
    }

    /// <summary>Visits weights and optimiser.</summary>
    public void Visit(StateBag bag)
    {
        bag.Visit("critics.parameters", _online.Flat);
        bag.Visit("critics.target", _target.Weights.Flat);
        _adam.Visit(bag, "critics.");
        bag.Visit("critics.bad_gradients", _guard.Count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _errors.Dispose();
        _guard.Dispose();
        _adam.Dispose();
        _gradients.Dispose();
        _target.Dispose();
        _online.Dispose();
        _values.Dispose();
        _network.Dispose();
    }
}
