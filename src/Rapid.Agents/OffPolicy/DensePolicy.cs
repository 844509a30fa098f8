using Rapid.Agents.Networks;
using Rapid.Agents.Optimizers;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.OffPolicy;

/// <summary>The network that acts, without value head, with its optimiser. Its weights lie as <see cref="PolicyLayout"/> says.</summary>
internal sealed class DensePolicy : IDisposable
{
    private const ulong SeedRole = 0x706F6C69; // part of the run's seed: ASCII of "poli"

    private readonly DenseShape _shape;
    private readonly Device _device;
    private readonly DenseNetwork _network;
    private readonly DenseWeights _weights, _gradients;
    private readonly Tensor _head; // [B, outputs], a leaf
    private readonly FlatAdam _adam;
    private readonly GradientGuard _guard;
    private readonly double _learningRate;

    /// <param name="experiment">Network, batch size, optimiser and seed.</param>
    /// <param name="layout">The parameters.</param>
    /// <param name="device">Where it lives.</param>
    public DensePolicy(ExperimentOptions experiment, PolicyLayout layout, Device device)
    {
        _device = device;
        var options = (TwinCriticOptions)experiment.Algorithm;
        _shape = new DenseShape(1, layout.ObservationSize, layout.HiddenSizes, layout.Outputs, layout.Activation);
        _network = DenseNetwork.Create(_shape, options.BatchSize, device);
        using Tensor output = _network.Output.squeeze(0), gradient = _network.OutputGradient.squeeze(0);
        _head = Networks.Tape.Leaf(output, gradient);
        (_weights, _gradients) = (new DenseWeights(_shape, device), new DenseWeights(_shape, device));
        var initial = new float[layout.Length];
        var random = new RandomStream(RandomStream.Derive(experiment.Seed, SeedRole));
        Initializer.Initialize(layout, experiment.Network, random, initial);
        _weights.Set(initial);
        _adam = new FlatAdam(_weights.Flat, _gradients.Flat, options.AdamEpsilon);
        _guard = new GradientGuard(_gradients.Flat);
        _learningRate = options.PolicyLearningRate;
    }

    /// <summary>What leads to a loss of this policy, which critics and samples share.</summary>
    public Tape Tape { get; } = new();

    /// <summary>[layout.Length], the weights.</summary>
    public Tensor Parameters => _weights.Flat;

    /// <summary>[1], gradients that were not finite and counted as zero.</summary>
    public Tensor BadGradients => _guard.Count;

    /// <summary>The head's outputs [B, outputs], until the next pass.</summary>
    /// <param name="observations">[B, obs].</param>
    public Tensor Forward(Tensor observations)
    {
        _network.Forward(_weights, observations);
        Tape.Record(_network, () => _network.Backward(_weights, _gradients), _network.OutputGradient);
        return _head;
    }

    /// <summary>The same of a slow copy of the weights, without gradients.</summary>
    /// <param name="copy">From <see cref="MakeSlowCopy"/>.</param>
    /// <param name="observations">[B, obs].</param>
    public Tensor Forward(SlowCopy copy, Tensor observations) => _network.Forward(copy.Weights, observations).squeeze(0);

    /// <summary>Copies the weights as they are; the caller disposes of it.</summary>
    /// <param name="tau">Part of the way that it moves each time.</param>
    public SlowCopy MakeSlowCopy(double tau) => new(_weights, _shape, tau, _device);

    /// <summary>One step down the gradient of a loss.</summary>
    /// <param name="loss">Scalar, of the last pass.</param>
    public void Descend(Tensor loss)
    {
        Tape.Backward(loss);
        _guard.ZeroIfBad();
        _adam.Step(_learningRate);
    }

    /// <summary>Visits weights and optimiser.</summary>
    public void Visit(StateBag bag)
    {
        bag.Visit("policy.parameters", _weights.Flat);
        _adam.Visit(bag, "policy.");
        bag.Visit("policy.bad_gradients", _guard.Count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _guard.Dispose();
        _adam.Dispose();
        _head.Dispose();
        _gradients.Dispose();
        _weights.Dispose();
        _network.Dispose();
    }
}
