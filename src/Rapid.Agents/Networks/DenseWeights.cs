using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>The shape of perceptrons that are evaluated side by side.</summary>
/// <param name="Networks">G, 1 or more of equal shape.</param>
/// <param name="Inputs">Elements of an input.</param>
/// <param name="Hidden">Units per hidden layer.</param>
/// <param name="Outputs">Elements of an output.</param>
/// <param name="Activation">After each hidden layer.</param>
/// <param name="ActivatesOutput">Whether the output layer ends with the activation too: the body of a network whose heads are others.</param>
internal sealed record DenseShape(
    int Networks, int Inputs, IReadOnlyList<int> Hidden, int Outputs, Activation Activation, bool ActivatesOutput = false)
{
    /// <summary>Hidden layers and the output layer.</summary>
    public int Layers => Hidden.Count + 1;

    /// <summary>Weights and biases of all networks.</summary>
    public int Length => LayerOffset(Layers);

    /// <summary>Whether a layer ends with the activation.</summary>
    public bool IsActivated(int layer) => layer < Hidden.Count || ActivatesOutput;

    /// <summary>Outputs of a layer.</summary>
    public int Width(int layer) => layer < Hidden.Count ? Hidden[layer] : Outputs;

    /// <summary>Inputs of a layer.</summary>
    public int InputsOf(int layer) => layer == 0 ? Inputs : Hidden[layer - 1];

    /// <summary>Where a network's weights [out, in] of a layer begin.</summary>
    public int WeightOffset(int layer, int network) => LayerOffset(layer) + network * Width(layer) * InputsOf(layer);

    /// <summary>Where a network's biases [out] of a layer begin, behind the layer's weights of all networks.</summary>
    public int BiasOffset(int layer, int network) => LayerOffset(layer) + Width(layer) * (Networks * InputsOf(layer) + network);

    private int LayerOffset(int layer) => Enumerable.Range(0, layer).Sum(below => Networks * Width(below) * (1 + InputsOf(below)));
}

/// <summary>
/// Views into a flat buffer that holds the weights, or the gradients, of G perceptrons: layer by layer weight [G, out, in] and bias [G,
/// out], the order of <see cref="PolicyLayout"/>. Optimisers and moving averages then work on one tensor.
/// </summary>
internal sealed class DenseWeights : IDisposable
{
    private readonly List<Tensor> _views = [];

    /// <param name="shape">What the buffer holds.</param>
    /// <param name="device">Where the buffer lives; it starts with zeros.</param>
    public DenseWeights(DenseShape shape, Device device)
        : this(shape, zeros(shape.Length, device: device))
    {
    }

    /// <param name="shape">What the buffer holds.</param>
    /// <param name="flat">[Length], contiguous: a buffer or a part of one; owned, as a view.</param>
    public DenseWeights(DenseShape shape, Tensor flat)
    {
        Flat = flat;
        (Weights, Transposed, Biases, BiasRows) =
            (new Tensor[shape.Layers][], new Tensor[shape.Layers][], new Tensor[shape.Layers], new Tensor[shape.Layers]);
        long offset = 0;
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            var (width, inputs) = (shape.Width(layer), shape.InputsOf(layer));
            Weights[layer] = new Tensor[shape.Networks];
            Transposed[layer] = new Tensor[shape.Networks];
            for (var g = 0; g < shape.Networks; g++)
            {
                Weights[layer][g] = Keep(Flat.narrow(0, offset, width * inputs).view(width, inputs));
                Transposed[layer][g] = Keep(Weights[layer][g].t());
                offset += width * inputs;
            }

            Biases[layer] = Keep(Flat.narrow(0, offset, shape.Networks * width).view(shape.Networks, width));
            BiasRows[layer] = Keep(Biases[layer].unsqueeze(1));
            offset += shape.Networks * width;
        }
    }

    /// <summary>[Length], everything.</summary>
    public Tensor Flat { get; }

    /// <summary>Of a layer and a network: [out, in].</summary>
    public Tensor[][] Weights { get; }

    /// <summary>The same as [in, out].</summary>
    public Tensor[][] Transposed { get; }

    /// <summary>Of a layer: [G, out].</summary>
    public Tensor[] Biases { get; }

    /// <summary>The same as [G, 1, out], for adding to every row.</summary>
    public Tensor[] BiasRows { get; }

    /// <summary>
    /// Starting values as <see cref="Initializer"/> makes them; <see cref="NetworkOptions.ValueGain"/> for the last layer.
    /// </summary>
    public static float[] Initialize(DenseShape shape, NetworkOptions network, RandomStream random)
    {
        var values = new float[shape.Length];
        var offset = 0;
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            var (width, inputs) = (shape.Width(layer), shape.InputsOf(layer));
            for (var g = 0; g < shape.Networks; g++)
            {
                var gain = layer < shape.Hidden.Count ? network.HiddenGain : network.ValueGain;
                Initializer.FillMatrix(values.AsSpan(offset, width * inputs), width, inputs, gain, network.Initialization, random);
                offset += width * inputs;
            }

            if (network.Initialization == Initialization.UniformFanIn)
            {
                Initializer.FillUniform(values.AsSpan(offset, shape.Networks * width), 1 / Math.Sqrt(inputs), random);
            }

            offset += shape.Networks * width;
        }

        return values;
    }

    /// <summary>Overwrites everything.</summary>
    public void Set(ReadOnlySpan<float> values)
    {
        using var onHost = tensor(values.ToArray());
        Flat.copy_(onHost);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var view in _views)
        {
            view.Dispose();
        }

        Flat.Dispose();
    }

    private Tensor Keep(Tensor view)
    {
        _views.Add(view);
        return view;
    }
}
