using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>A <see cref="DenseNetwork"/> of the tensor library's operations, for any device.</summary>
internal sealed class TensorDenseNetwork : DenseNetwork
{
    private readonly DenseShape _shape;
    private readonly Tensor[] _outputs; // [layer]: [G, B, out], after the activation
    private readonly Tensor[][] _outputsOf; // [layer][network]: [B, out]
    private readonly Tensor[] _deltas; // [layer]: [G, B, out], gradients before the activation
    private readonly Tensor[][] _deltasOf;
    private readonly Tensor[][] _deltasTransposed; // [layer][network]: [out, B]
    private Tensor? _input;

    /// <param name="shape">Sizes.</param>
    /// <param name="rows">B.</param>
    /// <param name="device">Where the buffers live.</param>
    public TensorDenseNetwork(DenseShape shape, int rows, Device device)
    {
        _shape = shape;
        _outputs = [.. Enumerable.Range(0, shape.Layers).Select(layer => zeros(shape.Networks, rows, shape.Width(layer), device: device))];
        _deltas = [.. _outputs.Select(output => zeros_like(output))];
        _outputsOf = [.. _outputs.Select(Split)];
        _deltasOf = [.. _deltas.Select(Split)];
        _deltasTransposed = [.. _deltasOf.Select(layer => layer.Select(delta => delta.t()).ToArray())];
    }

    /// <inheritdoc/>
    public override Tensor Output => _outputs[^1];

    /// <inheritdoc/>
    public override Tensor OutputGradient => _deltas[^1];

    /// <inheritdoc/>
    public override Tensor Forward(DenseWeights weights, Tensor input)
    {
        using var noGrad = no_grad();
        _input = input;
        for (var layer = 0; layer < _shape.Layers; layer++)
        {
            _outputs[layer].copy_(weights.BiasRows[layer]);
            for (var g = 0; g < _shape.Networks; g++)
            {
                _outputsOf[layer][g].addmm_(layer == 0 ? input : _outputsOf[layer - 1][g], weights.Transposed[layer][g]);
            }

            if (_shape.IsActivated(layer))
            {
                Activate(_outputs[layer]);
            }
        }

        return Output;
    }

    /// <inheritdoc/>
    public override void Backward(DenseWeights weights, DenseWeights? gradients, long firstInput = 0, Tensor? inputGradient = null)
    {
        if (_shape.ActivatesOutput)
        {
            Differentiate(_outputs[^1]);
            _deltas[^1].mul_(_outputs[^1]);
        }

        for (var layer = _shape.Layers - 1; layer >= 0; layer--)
        {
            for (var g = 0; g < _shape.Networks; g++)
            {
                gradients?.Weights[layer][g].addmm_(_deltasTransposed[layer][g], layer == 0 ? _input! : _outputsOf[layer - 1][g], beta: 0);
                if (layer > 0)
                {
                    _deltasOf[layer - 1][g].addmm_(_deltasOf[layer][g], weights.Weights[layer][g], beta: 0);
                }
            }

            if (gradients is not null)
            {
                using var sum = _deltas[layer].sum(1);
                gradients.Biases[layer].copy_(sum);
            }

            if (layer > 0)
            {
                Differentiate(_outputs[layer - 1]);
                _deltas[layer - 1].mul_(_outputs[layer - 1]);
            }
        }

        for (var g = 0; inputGradient is not null && g < _shape.Networks; g++)
        {
            using var columns = weights.Weights[0][g].narrow(1, firstInput, inputGradient.shape[1]);
            inputGradient.addmm_(_deltasOf[0][g], columns, beta: g == 0 ? 0 : 1);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        var all = _deltasTransposed.Concat(_deltasOf).Concat(_outputsOf).SelectMany(views => views).Concat(_deltas).Concat(_outputs);
        foreach (var tensor in all)
        {
            tensor.Dispose();
        }
    }

    private void Activate(Tensor values)
    {
        if (_shape.Activation == Activation.Tanh)
        {
            values.tanh_();
        }
        else
        {
            values.relu_();
        }
    }

    /// <summary>Replaces activations by the activation's derivative there: 1 - tanh^2, or 1 where a rectifier is open.</summary>
    private void Differentiate(Tensor activations)
    {
        if (_shape.Activation == Activation.Tanh)
        {
            activations.mul_(activations).neg_().add_(1);
        }
        else
        {
            // NaN stays what it is, which a sign would not do.
            activations.ceil_().clamp_max_(1);
        }
    }

    private Tensor[] Split(Tensor tensor) => [.. Enumerable.Range(0, _shape.Networks).Select(g => tensor.select(0, g))];
}
