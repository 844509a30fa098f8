using Rapid.Policies.Kernels;

namespace Rapid.Policies.Encoders;

/// <summary>
/// A layer's weights as a <see cref="TileKernel"/> reads them. Forward: for each group of filters as wide as a tile [patch, width],
/// elements in the order in which <see cref="PatchGeometry"/> goes through a patch. Backward: for each part of a run as wide as a tile
/// [<see cref="Inner"/>, width], filters down.
/// </summary>
internal sealed unsafe class FilterPanels : IDisposable
{
    private readonly EncoderLayer _layer;
    private readonly PatchGeometry _geometry;
    private readonly int _width;
    private readonly NativeFloats _forward, _scratch, _biases;
    private readonly NativeFloats? _backward;

    /// <param name="layer">Sizes.</param>
    /// <param name="geometry">Of the same layer.</param>
    /// <param name="width">Columns of a tile.</param>
    /// <param name="backward">Whether the gradient of the input is ever wanted.</param>
    public FilterPanels(EncoderLayer layer, PatchGeometry geometry, int width, bool backward)
    {
        (_layer, _geometry, _width) = (layer, geometry, width);
        Groups = (layer.Channels + width - 1) / width;
        RunParts = (geometry.RunLength + width - 1) / width;
        Inner = Groups == 1 ? layer.Channels : Groups * width;
        _forward = new NativeFloats((long)Groups * layer.PatchSize * width);
        _scratch = new NativeFloats((long)layer.PatchSize * width);
        _biases = new NativeFloats(layer.Channels);
        _backward = backward ? new NativeFloats((long)geometry.Runs * RunParts * Inner * width) : null;
    }

    /// <summary>Groups of filters, the last with zeros behind its filters.</summary>
    public int Groups { get; }

    /// <summary>Parts of a run, the last with zeros behind its elements.</summary>
    public int RunParts { get; }

    /// <summary>Filters in a backward panel: with the zeros of the last group when there are several.</summary>
    public int Inner { get; }

    /// <summary>[Channels].</summary>
    public float* Biases => _biases.Data;

    /// <summary>[patch, width] of a group of filters.</summary>
    public float* Forward(int group) => _forward.Data + (nint)group * _layer.PatchSize * _width;

    /// <summary>[Inner, width] of a part of a run.</summary>
    public float* Backward(int run, int part) => _backward!.Data + (nint)(run * RunParts + part) * Inner * _width;

    /// <summary>Takes weights.</summary>
    /// <param name="parameters">All parameters of the encoder.</param>
    /// <param name="backward">Whether the backward panels are wanted.</param>
    public void Pack(float* parameters, bool backward)
    {
        var patch = _layer.PatchSize;
        new ReadOnlySpan<float>(parameters + _layer.BiasOffset, _layer.Channels).CopyTo(new Span<float>(Biases, _layer.Channels));
        var weights = new MatrixView(parameters + _layer.WeightOffset, patch).Transposed;
        for (var group = 0; group < Groups; group++)
        {
            Panel.Pack(weights, patch, group * _width, Filters(group), _scratch.Data, _width);
            var panel = Forward(group);
            for (var r = 0; r < patch; r++)
            {
                Row(_scratch.Data, _geometry.WeightOf[r]).CopyTo(Row(panel, r));
            }
        }

        if (!backward || _backward is null)
        {
            return;
        }

        for (var run = 0; run < _geometry.Runs; run++)
        {
            for (var part = 0; part < RunParts; part++)
            {
                for (var group = 0; group < Groups; group++)
                {
                    var elements = new MatrixView(Forward(group) + (nint)run * _geometry.RunLength * _width, _width).Transposed;
                    var count = Math.Min(_width, _geometry.RunLength - part * _width);
                    var target = Backward(run, part) + (nint)group * _width * _width;
                    Panel.Pack(elements, Math.Min(_width, Inner), part * _width, count, target, _width);
                }
            }
        }
    }

    /// <summary>Brings a gradient in the order of the forward panels into that of the parameters.</summary>
    /// <param name="panels">[Groups, <paramref name="rows"/>, width].</param>
    /// <param name="rows">Rows of a panel, the patch's elements and any number of others behind them.</param>
    /// <param name="biases">[Groups, width].</param>
    /// <param name="gradients">Gradients of all parameters of the encoder.</param>
    public void Unpack(float* panels, int rows, float* biases, float* gradients)
    {
        var patch = _layer.PatchSize;
        for (var group = 0; group < Groups; group++)
        {
            var panel = panels + (nint)group * rows * _width;
            for (var r = 0; r < patch; r++)
            {
                Row(panel, r).CopyTo(Row(_scratch.Data, _geometry.WeightOf[r]));
            }

            var target = gradients + _layer.WeightOffset + (nint)group * _width * patch;
            Panel.Transpose(_scratch.Data, _width, patch, Filters(group), target);
        }

        new ReadOnlySpan<float>(biases, _layer.Channels).CopyTo(new Span<float>(gradients + _layer.BiasOffset, _layer.Channels));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _forward.Dispose();
        _scratch.Dispose();
        _biases.Dispose();
        _backward?.Dispose();
    }

    /// <summary>Filters of a group.</summary>
    private int Filters(int group) => Math.Min(_width, _layer.Channels - group * _width);

    private Span<float> Row(float* panel, int row) => new(panel + (nint)row * _width, _width);
}
