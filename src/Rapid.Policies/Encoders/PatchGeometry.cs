using Rapid.Policies.Kernels;

namespace Rapid.Policies.Encoders;

/// <summary>
/// Where the patches of a layer's input lie in memory, so that they need not be copied before they are multiplied. An input is made of
/// lines of contiguous floats, and a patch is a run in each of some neighbouring lines. The first layer's lines are those of single frames,
/// [height, planes, width], which makes widening bytes a copy; all others' inputs are [height, width, channels], whose runs are longer.
/// </summary>
internal sealed class PatchGeometry
{
    /// <param name="layer">Sizes.</param>
    /// <param name="planar">True for frames: [height, planes, width].</param>
    public PatchGeometry(EncoderLayer layer, bool planar)
    {
        var (kernel, stride) = (layer.Convolution.Kernel, layer.Convolution.Stride);
        var (together, apart) = planar ? (1, layer.InputChannels) : (layer.InputChannels, 1);
        (Runs, RunLength, Line) = (kernel * apart, kernel * together, layer.InputWidth * together);
        Positions = layer.OutputHeight * layer.OutputWidth;
        InputSize = layer.InputHeight * layer.InputWidth * layer.InputChannels;
        var (right, down) = (stride * together, stride * apart * Line);
        Forward = new LeftPath(RunLength, 1, Runs, Line);
        OverPositions = new LeftPath(layer.OutputWidth, right, layer.OutputHeight, down);
        Starts = [.. Enumerable.Range(0, Positions).Select(p => p / layer.OutputWidth * down + p % layer.OutputWidth * right)];
        Elements = [.. Enumerable.Range(0, layer.PatchSize).Select(r => r / RunLength * Line + r % RunLength)];
        WeightOf = new int[layer.PatchSize];
        for (var r = 0; r < layer.PatchSize; r++)
        {
            var (run, j) = (r / RunLength, r % RunLength);
            var (y, x, channel) = planar ? (run / apart, j, run % apart) : (run, j / together, j % together);
            WeightOf[r] = (channel * kernel + y) * kernel + x;
        }
    }

    /// <summary>Runs of a patch.</summary>
    public int Runs { get; }

    /// <summary>Elements of a run.</summary>
    public int RunLength { get; }

    /// <summary>Elements of a line.</summary>
    public int Line { get; }

    /// <summary>Patches of an input, and so outputs a channel.</summary>
    public int Positions { get; }

    /// <summary>Elements of an input.</summary>
    public int InputSize { get; }

    /// <summary>The way through a patch.</summary>
    public LeftPath Forward { get; }

    /// <summary>The way of one element of the patch through all patches of an input.</summary>
    public LeftPath OverPositions { get; }

    /// <summary>[Positions], where in the input each patch begins.</summary>
    public int[] Starts { get; }

    /// <summary>[patch], where each element lies after the patch's start.</summary>
    public int[] Elements { get; }

    /// <summary>[patch], each element's place in a filter's [in, kernel, kernel].</summary>
    public int[] WeightOf { get; }
}
