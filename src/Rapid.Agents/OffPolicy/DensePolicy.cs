using System.Text.Json.Nodes;
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
    private readonly PolicyLayout _layout;
    private readonly DenseShape _shape;
    private readonly Device _device;
    private readonly DenseNetwork _network;
    private readonly DenseWeights _weights, _gradients;
    private readonly Tape _tape;
    private readonly Tensor _head; // [B, outputs], a leaf
    private readonly FlatAdam _adam;
    private readonly GradientGuard _guard;
    private readonly double _learningRate;

    /// <param name="layout">The parameters.</param>
    /// <param name="options">Batch size and optimiser.</param>
    /// <param name="network">Initialisation.</param>
    /// <param name="random">Makes the starting weights.</param>
    /// <param name="tape">Of the learner.</param>
    /// <param name="device">Where it lives.</param>
    public DensePolicy(
        PolicyLayout layout, TwinCriticOptions options, NetworkOptions network, RandomStream random, Tape tape, Device device)
    {
        (_layout, _tape, _device) = (layout, tape, device);
        _shape = new DenseShape(1, layout.ObservationSize, layout.HiddenSizes, layout.Outputs, layout.Activation);
        _network = DenseNetwork.Create(_shape, options.BatchSize, device);
        using Tensor output = _network.Output.squeeze(0), gradient = _network.OutputGradient.squeeze(0);
        _head = Tape.Leaf(output, gradient);
        (_weights, _gradients) = (new DenseWeights(_shape, device), new DenseWeights(_shape, device));
        var initial = new float[layout.Length];
        Initializer.Initialize(layout, network, random, initial);
        _weights.Set(initial);
        _adam = new FlatAdam(_weights.Flat, _gradients.Flat, options.AdamEpsilon);
        _guard = new GradientGuard(_gradients.Flat);
        _learningRate = options.PolicyLearningRate;
    }

    /// <summary>[layout.Length], the weights.</summary>
    public Tensor Parameters => _weights.Flat;

    /// <summary>[1], gradients that were not finite and counted as zero.</summary>
    public Tensor BadGradients => _guard.Count;

    /// <summary>The head's outputs [B, outputs], until the next pass.</summary>
    /// <param name="observations">[B, obs].</param>
    public Tensor Forward(Tensor observations)
    {
        _network.Forward(_weights, observations);
        _network.OutputGradient.zero_();
        _tape.Record(_network, () => _network.Backward(_weights, _gradients));
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
        _tape.Backward(loss);
        _guard.ZeroIfBad();
        _adam.Step(_learningRate);
    }

    /// <summary>Adds it to a checkpoint.</summary>
    public void Save(IDictionary<string, TensorData> tensors, JsonObject state)
    {
        tensors["policy.parameters"] = TensorMemory.ToData(_weights.Flat);
        tensors["policy.adam.first_moment"] = TensorMemory.ToData(_adam.FirstMoment);
        tensors["policy.adam.second_moment"] = TensorMemory.ToData(_adam.SecondMoment);
        tensors["policy.bad_gradients"] = TensorMemory.ToData(_guard.Count);
        state["layout"] = _layout.Hash;
        state["policy_adam_steps"] = _adam.Steps;
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is of another layout.</exception>
    public void Load(IReadOnlyDictionary<string, TensorData> tensors, JsonObject state)
    {
        if ((string?)state["layout"] != _layout.Hash)
        {
            throw new InvalidDataException("the checkpoint holds a network of another layout");
        }

        TensorMemory.CopyFrom(tensors["policy.parameters"], _weights.Flat);
        TensorMemory.CopyFrom(tensors["policy.adam.first_moment"], _adam.FirstMoment);
        TensorMemory.CopyFrom(tensors["policy.adam.second_moment"], _adam.SecondMoment);
        TensorMemory.CopyFrom(tensors["policy.bad_gradients"], _guard.Count);
        _adam.Steps = (long)state["policy_adam_steps"]!;
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
