using System.Numerics.Tensors;
using Rapid.Agents.State;
using Rapid.Policies.Kernels;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.Networks;

/// <summary>A <see cref="DenseNetwork"/> in host memory, whose <see cref="MatrixProduct"/>s end with biases, activations and
/// derivatives.</summary>
internal sealed unsafe class HostDenseNetwork : DenseNetwork
{
    private readonly DenseShape _shape;
    private readonly int _rows;
    private readonly MatrixProduct _product;
    private readonly Tensor[] _outputs; // [layer]: [G, B, out], after the activation
    private readonly Tensor[] _deltas; // [layer]: [G, B, out], gradients before the activation
    private readonly MatrixView[][] _outputViews, _deltaViews; // [layer][network]; tensors' memory is native and stays where it is
    private readonly int[] _allRows, _activeRows;
    private Tensor? _inputTensor;
    private MatrixView _input;

    /// <param name="shape">Sizes.</param>
    /// <param name="rows">B.</param>
    /// <param name="kernel">The products' innermost loop.</param>
    public HostDenseNetwork(DenseShape shape, int rows, TileKernel kernel)
    {
        (_shape, _rows) = (shape, rows);
        var greatestSide = Enumerable.Range(0, shape.Layers).Max(layer => Math.Max(shape.Width(layer), shape.InputsOf(layer)));
        _product = new MatrixProduct(Math.Max(rows, greatestSide), kernel);
        _outputs = [.. Enumerable.Range(0, shape.Layers).Select(layer => zeros(shape.Networks, rows, shape.Width(layer)))];
        _deltas = [.. _outputs.Select(output => zeros_like(output))];
        (_outputViews, _deltaViews) = ([.. _outputs.Select(ViewsOf)], [.. _deltas.Select(ViewsOf)]);
        (_allRows, _activeRows) = ([.. Enumerable.Range(0, rows)], new int[rows]);
    }

    /// <inheritdoc/>
    public override Tensor Output => _outputs[^1];

    /// <inheritdoc/>
    public override Tensor OutputGradient => _deltas[^1];

    /// <inheritdoc/>
    public override Tensor Forward(DenseWeights weights, Tensor input)
    {
        if (!ReferenceEquals(input, _inputTensor))
        {
            // Most inputs are the tensors of before, filled again; to ask one where it lies takes as long as a small layer.
            (_inputTensor, _input) = (input, TensorMemory.Matrix(input));
        }

        fixed (float* flat = TensorMemory.Floats(weights.Flat))
        {
            for (var layer = 0; layer < _shape.Layers; layer++)
            {
                for (var g = 0; g < _shape.Networks; g++)
                {
                    var finish = new BiasAndActivation(
                        _outputViews[layer][g], flat + _shape.BiasOffset(layer, g), _shape.IsActivated(layer) ? _shape.Activation : null);
                    var weight = Weights(flat, layer, g).Transposed;
                    _product.Multiply(InputOf(layer, g), weight, _rows, _shape.InputsOf(layer), _shape.Width(layer), finish);
                }
            }
        }

        return Output;
    }

    /// <inheritdoc/>
    public override void Backward(DenseWeights weights, DenseWeights? gradients, long firstInput = 0, Tensor? inputGradient = null)
    {
        inputGradient?.zero_();
        fixed (float* flat = TensorMemory.Floats(weights.Flat),
               gradient = gradients is null ? default : TensorMemory.Floats(gradients.Flat))
        {
            for (var g = 0; g < _shape.Networks; g++)
            {
                if (_shape.ActivatesOutput)
                {
                    DifferentiateOutput(g);
                }

                var rows = gradients is null ? ActiveRows(g) : _allRows;
                for (var layer = _shape.Layers - 1; layer >= 0; layer--)
                {
                    var (delta, width, inputs) = (_deltaViews[layer][g], _shape.Width(layer), _shape.InputsOf(layer));
                    if (gradients is not null)
                    {
                        var finish = new Overwrite(Weights(gradient, layer, g));
                        _product.Multiply(delta.Transposed, InputOf(layer, g), width, _rows, inputs, finish);
                        SumRows(delta, new Span<float>(gradient + _shape.BiasOffset(layer, g), width));
                    }

                    if (layer > 0)
                    {
                        var finish = new TimesDerivative(_deltaViews[layer - 1][g], _outputViews[layer - 1][g], _shape.Activation);
                        _product.MultiplyRows(delta, Weights(flat, layer, g), rows, width, inputs, finish);
                    }
                }

                if (inputGradient is not null)
                {
                    var finish = new Accumulate(TensorMemory.Matrix(inputGradient));
                    var columns = Weights(flat, 0, g).From((nint)firstInput);
                    _product.MultiplyRows(_deltaViews[0][g], columns, rows, _shape.Width(0), (int)inputGradient.shape[1], finish);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var tensor in _deltas.Concat(_outputs))
        {
            tensor.Dispose();
        }

        _product.Dispose();
    }

    /// <summary>Rows with an output gradient. The others add nothing to the gradient of their inputs: under a minimum of two critics that
    /// is half of the rows of each.</summary>
    private ReadOnlySpan<int> ActiveRows(int network)
    {
        var (gradients, count) = (_deltaViews[^1][network], 0);
        for (var i = 0; i < _rows; i++)
        {
            if (new ReadOnlySpan<float>(gradients.Row(i), _shape.Outputs).ContainsAnyExcept(0))
            {
                _activeRows[count++] = i;
            }
        }

        return _activeRows.AsSpan(0, count);
    }

    private void DifferentiateOutput(int network)
    {
        var delta = _deltaViews[^1][network];
        var finish = new TimesDerivative(delta, _outputViews[^1][network], _shape.Activation);
        for (var i = 0; i < _rows; i++)
        {
            finish.Store(delta.Row(i), i, 0, _shape.Outputs);
        }
    }

    private void SumRows(MatrixView matrix, Span<float> sums)
    {
        sums.Clear();
        for (var i = 0; i < _rows; i++)
        {
            TensorPrimitives.Add(sums, new ReadOnlySpan<float>(matrix.Row(i), sums.Length), sums);
        }
    }

    private MatrixView InputOf(int layer, int network) => layer == 0 ? _input : _outputViews[layer - 1][network];

    private MatrixView Weights(float* flat, int layer, int network) =>
        new(flat + _shape.WeightOffset(layer, network), _shape.InputsOf(layer));

    /// <summary>Each network's part of a layer.</summary>
    /// <param name="layer">[G, B, out].</param>
    private static MatrixView[] ViewsOf(Tensor layer)
    {
        var views = new MatrixView[layer.shape[0]];
        for (var g = 0; g < views.Length; g++)
        {
            using var part = layer.select(0, g);
            views[g] = TensorMemory.Matrix(part);
        }

        return views;
    }
}
