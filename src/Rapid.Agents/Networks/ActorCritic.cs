using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>
/// The learner's side of a policy: the parameters of a <see cref="PolicyLayout"/> as autograd leaves that are views into one flat buffer,
/// with gradients accumulating into a second flat buffer. Optimisers, clipping and publication then work on one tensor, not on dozens.
/// </summary>
public sealed class ActorCritic : IDisposable
{
    private readonly Dictionary<string, Tensor> _leaves = [];
    private readonly Tensor[][] _weights; // [tower][layer]: [out, in]
    private readonly Tensor[][] _biases;
    private readonly Tensor _policyWeight, _policyBias, _valueWeight, _valueBias;
    private readonly bool _isTanh;
    private readonly Convolutions? _convolutions;
    private readonly bool _isByHand; // or else autograd runs through the layers
    private readonly Dictionary<int, HostActorCritic> _passes = []; // by number of rows
    private readonly Tape _tape = new();
    private HostActorCritic? _pass; // the last one with gradients

    /// <summary>Makes the network with fresh weights.</summary>
    public ActorCritic(PolicyLayout layout, NetworkOptions network, RandomStream random, Device device)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(network);
        Layout = layout;
        _isTanh = layout.Activation == Activation.Tanh;
        var initial = new float[layout.Length];
        Initializer.Initialize(layout, network, random, initial);
        using (var onHost = tensor(initial))
        {
            Parameters = onHost.to(device, copy: true);
        }

        Gradients = zeros_like(Parameters);
        _weights = new Tensor[layout.Towers][];
        _biases = new Tensor[layout.Towers][];
        for (var tower = 0; tower < layout.Towers; tower++)
        {
            _weights[tower] = [.. Enumerable.Range(0, layout.HiddenSizes.Count).Select(layer => MakeLeaf($"body.{layer}.weight", tower))];
            _biases[tower] = [.. Enumerable.Range(0, layout.HiddenSizes.Count).Select(layer => MakeLeaf($"body.{layer}.bias", tower))];
        }

        _convolutions = layout.Encoder is null ? null : Convolutions.Create(layout, Parameters, Gradients, _tape, name => MakeLeaf(name));
        _policyWeight = MakeLeaf("policy.weight");
        _policyBias = MakeLeaf("policy.bias");
        _valueWeight = MakeLeaf("value.weight");
        _valueBias = MakeLeaf("value.bias");
        LogStd = layout.IsDiscrete ? null : MakeLeaf("policy.log_std");
        _isByHand = HostActorCritic.Suits(layout, device);
    }

    /// <summary>Names, shapes and offsets in <see cref="Parameters"/>.</summary>
    public PolicyLayout Layout { get; }

    /// <summary>[layout.Length], all weights.</summary>
    public Tensor Parameters { get; }

    /// <summary>[layout.Length]; backward passes add to it. Zero it before each.</summary>
    public Tensor Gradients { get; }

    /// <summary>[act], the state-independent log standard deviation; null for a categorical policy.</summary>
    public Tensor? LogStd { get; }

    /// <summary>Policy head [B, outputs] (means or logits) and values [B], which hold until the next pass.</summary>
    /// <param name="observations">[B, obs] float32, or uint8 of frames.</param>
    public (Tensor Policy, Tensor Values) Forward(Tensor observations)
    {
        ArgumentNullException.ThrowIfNull(observations);
        if (_isByHand && is_grad_enabled())
        {
            _pass = PassOf((int)observations.shape[0]);
            return _pass.Forward(observations);
        }

        var inputs = Encode(observations);
        var policyFeatures = RunTower(0, inputs);
        var valueFeatures = Layout.Towers == 1 ? policyFeatures : RunTower(1, inputs);
        return (nn.functional.linear(policyFeatures, _policyWeight, _policyBias), ValueHead(valueFeatures));
    }

    /// <summary>log pi(a|s) [B] and the mean entropy, scalar.</summary>
    /// <param name="head">[B, outputs], means or logits of a pass.</param>
    /// <param name="actions">[B, act] float32, or [B, 1] int64 of a categorical policy.</param>
    public (Tensor LogProbabilities, Tensor Entropy) Score(Tensor head, Tensor actions)
    {
        if (LogStd is null)
        {
            var normalised = head.log_softmax(1);
            return (Categorical.LogProbability(normalised, actions), Categorical.MeanEntropy(normalised));
        }

        var logProbabilities = _pass is not null && _pass.Owns(head)
            ? _pass.LogProbability(LogStd, actions)
            : DiagonalGaussian.LogProbability(head, LogStd, actions);
        return (logProbabilities, DiagonalGaussian.Entropy(LogStd));
    }

    /// <summary>Values [rows] of observations [rows, obs] on the host, without gradients.</summary>
    public float[] ValuesOf(Tensor observations)
    {
        ArgumentNullException.ThrowIfNull(observations);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = new float[observations.shape[0]];
        TensorMemory.CopyTo(ValueHead(RunTower(Layout.Towers - 1, Encode(observations.to(Parameters.device)))), values);
        return values;
    }

    /// <summary>Adds the gradient of a loss of the last <see cref="Forward"/> to <see cref="Gradients"/>, which must be zero.</summary>
    /// <param name="loss">Scalar.</param>
    public void Backward(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        _tape.Backward(loss);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _convolutions?.Dispose();
        foreach (var pass in _passes.Values)
        {
            pass.Dispose();
        }

        foreach (var leaf in _leaves.Values)
        {
            leaf.grad?.Dispose();
            leaf.Dispose();
        }

        Gradients.Dispose();
        Parameters.Dispose();
    }

    private HostActorCritic PassOf(int rows)
    {
        if (!_passes.TryGetValue(rows, out var pass))
        {
            // It outlives the update that is the first to have so many rows.
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            _passes.Add(rows, pass = new HostActorCritic(Layout, Parameters, Gradients, rows, _tape));
            scope.Detach(scope.DisposablesView.ToArray());
        }

        return pass;
    }

    private Tensor Encode(Tensor observations) => _convolutions is null ? observations : _convolutions.Forward(observations);

    private Tensor ValueHead(Tensor features) => nn.functional.linear(features, _valueWeight, _valueBias).view(-1);

    private Tensor RunTower(int tower, Tensor features)
    {
        for (var layer = 0; layer < _weights[tower].Length; layer++)
        {
            features = nn.functional.linear(features, _weights[tower][layer], _biases[tower][layer]);
            features = _isTanh ? features.tanh() : features.relu();
        }

        return features;
    }

    /// <summary>A leaf that shares memory with <see cref="Parameters"/> and accumulates into <see cref="Gradients"/>.</summary>
    private Tensor MakeLeaf(string name, int? tower = null)
    {
        var slice = Layout[name];
        var shape = slice.Shape.Select(size => (long)size).ToArray();
        var (offset, length) = (slice.Offset, slice.Length);
        if (tower is { } index)
        {
            length /= (int)shape[0];
            offset += index * length;
            shape = shape[1..];
        }

        using var scope = NewDisposeScope();
        var leaf = Parameters.narrow(0, offset, length).view(shape).detach();
        leaf.requires_grad = true;
        leaf.grad = Gradients.narrow(0, offset, length).view(shape);
        leaf = leaf.MoveToOuterDisposeScope();
        leaf.DetachFromDisposeScope();
        _leaves.Add(tower is null ? name : $"{name}.{tower}", leaf);
        return leaf;
    }
}
