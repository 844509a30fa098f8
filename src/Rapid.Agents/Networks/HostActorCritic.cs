using Rapid.Policies;
using Rapid.Policies.Kernels;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>
/// The dense layers of an actor-critic in host memory, for one number of rows, by <see cref="HostDenseNetwork"/>: with two towers of 64
/// units and minibatches of 64 rows, autograd's bookkeeping for the layers took twice as long as the products.
/// </summary>
internal sealed class HostActorCritic : IDisposable
{
    // Beyond it a BLAS with blocks for each cache is faster (see MatrixProduct).
    private const int GreatestWidth = 512;

    private readonly Part _body, _policy, _value;
    private readonly Tensor[] _features, _featureGradients; // [tower]: [B, features]
    private readonly Tensor? _sharedGradient; // [B, features], of a tower's second head
    private readonly Tensor _head, _values, _headGradient, _valueGradient;
    private readonly HostGaussian? _gaussian;
    private readonly Tape _tape;

    /// <param name="layout">Of vectors, with a hidden layer and a value head.</param>
    /// <param name="parameters">[layout.Length].</param>
    /// <param name="gradients">[layout.Length].</param>
    /// <param name="rows">B.</param>
    /// <param name="tape">Of the policy.</param>
    public HostActorCritic(PolicyLayout layout, Tensor parameters, Tensor gradients, int rows, Tape tape)
    {
        _tape = tape;
        var hidden = layout.HiddenSizes;
        var body = new DenseShape(
            layout.Towers, layout.Inputs, [.. hidden.SkipLast(1)], hidden[^1], layout.Activation, ActivatesOutput: true);
        _body = new Part(body, layout["body.0.weight"].Offset, parameters, gradients, rows);
        _policy = new Part(Head(layout, layout.Outputs), layout["policy.weight"].Offset, parameters, gradients, rows);
        _value = new Part(Head(layout, 1), layout["value.weight"].Offset, parameters, gradients, rows);
        _features = [.. Enumerable.Range(0, layout.Towers).Select(tower => _body.Network.Output.select(0, tower))];
        _featureGradients = [.. Enumerable.Range(0, layout.Towers).Select(tower => _body.Network.OutputGradient.select(0, tower))];
        _sharedGradient = layout.Towers == 1 ? zeros_like(_featureGradients[0]) : null;
        (_head, _headGradient) = Leaf(_policy, rows, layout.Outputs);
        (_values, _valueGradient) = Leaf(_value, rows);
        _gaussian = layout.IsDiscrete ? null : new HostGaussian(rows, layout.Outputs, tape);
    }

    /// <summary>Whether these passes are the fastest for a policy on a device.</summary>
    public static bool Suits(PolicyLayout layout, Device device) =>
        device.type == TorchSharp.DeviceType.CPU && layout.Encoder is null && layout.HiddenSizes.Count > 0
        && Math.Max(layout.Inputs, layout.HiddenSizes.Max()) <= GreatestWidth;

    /// <summary>Policy head [B, outputs] and values [B], leaves that stay this object's and hold until the next pass.</summary>
    /// <param name="observations">[B, obs], which stays as it is until the backward pass is done.</param>
    public (Tensor Policy, Tensor Values) Forward(Tensor observations)
    {
        _body.Forward(observations);
        _policy.Forward(_features[0]);
        _value.Forward(_features[^1]);
        _tape.Record(this, Backward, _headGradient, _valueGradient);
        return (_head, _values);
    }

    /// <summary>Whether this is the head that the last pass returned.</summary>
    public bool Owns(Tensor head) => ReferenceEquals(head, _head);

    /// <summary>log pi(a|s) [B] under the head of the last pass, a leaf that holds until the next pass; once for each pass.</summary>
    /// <param name="logStd">[act], an autograd leaf.</param>
    /// <param name="actions">[B, act].</param>
    public Tensor LogProbability(Tensor logStd, Tensor actions) => _gaussian!.Forward(_head, logStd, actions);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var view in _features.Concat(_featureGradients))
        {
            view.Dispose();
        }

        foreach (var (leaf, gradient) in new[] { (_head, _headGradient), (_values, _valueGradient) })
        {
            leaf.Dispose();
            gradient.Dispose();
        }

        _gaussian?.Dispose();
        _sharedGradient?.Dispose();
        _value.Dispose();
        _policy.Dispose();
        _body.Dispose();
    }

    private static DenseShape Head(PolicyLayout layout, int outputs) => new(1, layout.Features, [], outputs, layout.Activation);

    /// <summary>A leaf and its gradient, in the memory of a head's output and of its output's gradient.</summary>
    private static (Tensor Leaf, Tensor Gradient) Leaf(Part head, params long[] shape)
    {
        using var output = head.Network.Output.view(shape);
        var gradient = head.Network.OutputGradient.view(shape);
        return (Tape.Leaf(output, gradient), gradient);
    }

    /// <summary>Overwrites the gradients of the parameters.</summary>
    private void Backward()
    {
        _policy.Backward(_featureGradients[0]);
        _value.Backward(_sharedGradient ?? _featureGradients[1]);
        if (_sharedGradient is not null)
        {
            _featureGradients[0].add_(_sharedGradient);
        }

        _body.Backward(null);
    }

    /// <summary>Perceptrons with their part of the flat buffers.</summary>
    private sealed class Part(DenseShape shape, long offset, Tensor parameters, Tensor gradients, int rows) : IDisposable
    {
        private readonly DenseWeights _weights = new(shape, parameters.narrow(0, offset, shape.Length));
        private readonly DenseWeights _gradients = new(shape, gradients.narrow(0, offset, shape.Length));

        public DenseNetwork Network { get; } = new HostDenseNetwork(shape, rows, TileKernel.Best);

        public void Forward(Tensor input) => Network.Forward(_weights, input);

        public void Backward(Tensor? inputGradient) => Network.Backward(_weights, _gradients, inputGradient: inputGradient);

        public void Dispose()
        {
            Network.Dispose();
            _weights.Dispose();
            _gradients.Dispose();
        }
    }
}
