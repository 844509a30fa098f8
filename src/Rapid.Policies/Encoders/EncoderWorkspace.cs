using Rapid.Policies.Kernels;

namespace Rapid.Policies.Encoders;

/// <summary>What a thread needs while it takes some observations at a time through the layers: few enough to stay in its caches.</summary>
internal sealed unsafe class EncoderWorkspace : IDisposable
{
    /// <summary>Observations at a time. Together they fill tiles that the 49 positions of one observation would leave with a gap.</summary>
    public const int Rows = 4;

    private readonly NativeFloats[] _outputs;
    private readonly NativeFloats _tile, _lines, _deltas, _deltasBelow, _gradient;

    /// <param name="shape">Sizes.</param>
    /// <param name="passes">Of each layer.</param>
    /// <param name="kernel">The products' innermost loop.</param>
    /// <param name="training">Whether there are backward passes.</param>
    public EncoderWorkspace(EncoderShape shape, ConvolutionPasses[] passes, TileKernel kernel, bool training)
    {
        var (deltas, gradient) = training
            ? ((long)Rows * passes.Max(pass => pass.DeltaSize), (long)Rows * passes.Max(pass => pass.OutputSize))
            : (0, 0);
        _tile = new NativeFloats(kernel.Rows * kernel.Columns);
        _lines = new NativeFloats((long)shape.Height * shape.Planes * shape.Width);
        _outputs = [.. passes.Select(pass => new NativeFloats((long)Rows * pass.OutputSize))];
        _deltas = new NativeFloats(deltas);
        _deltasBelow = new NativeFloats(deltas);
        _gradient = new NativeFloats(gradient);
    }

    /// <summary>A tile of a product.</summary>
    public float* Tile => _tile.Data;

    /// <summary>[height, planes, width], frames of one observation.</summary>
    public float* Lines => _lines.Data;

    /// <summary>Deltas of a layer.</summary>
    public float* Deltas => _deltas.Data;

    /// <summary>Deltas of the layer below.</summary>
    public float* DeltasBelow => _deltasBelow.Data;

    /// <summary>[Rows, positions, channels], gradient of a layer's outputs.</summary>
    public float* Gradient => _gradient.Data;

    /// <summary>[Rows, positions, channels], outputs of a layer that nobody keeps.</summary>
    public float* Outputs(int layer) => _outputs[layer].Data;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in _outputs)
        {
            buffer.Dispose();
        }

        _tile.Dispose();
        _lines.Dispose();
        _deltas.Dispose();
        _deltasBelow.Dispose();
        _gradient.Dispose();
    }
}
