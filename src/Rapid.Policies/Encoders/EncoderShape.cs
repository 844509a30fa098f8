using Rapid.Protocol.Specs;

namespace Rapid.Policies.Encoders;

/// <summary>A convolution as one chooses it: square kernels, no padding, followed by a rectifier.</summary>
/// <param name="Channels">Channels of the output.</param>
/// <param name="Kernel">Height and width of a filter.</param>
/// <param name="Stride">Distance of neighbouring patches in both directions.</param>
public readonly record struct ConvolutionLayer(int Channels, int Kernel, int Stride);

/// <summary>A convolution in its place between a frame and the features.</summary>
/// <param name="Convolution">Filters.</param>
/// <param name="InputChannels">Channels of the input.</param>
/// <param name="InputHeight">Height of the input.</param>
/// <param name="InputWidth">Width of the input.</param>
/// <param name="WeightOffset">Where the weights [out, in, kernel, kernel] begin among the parameters; the biases [out] follow.</param>
public sealed record EncoderLayer(ConvolutionLayer Convolution, int InputChannels, int InputHeight, int InputWidth, int WeightOffset)
{
    /// <summary>Channels of the output.</summary>
    public int Channels => Convolution.Channels;

    /// <summary>Height of the output.</summary>
    public int OutputHeight => (InputHeight - Convolution.Kernel) / Convolution.Stride + 1;

    /// <summary>Width of the output.</summary>
    public int OutputWidth => (InputWidth - Convolution.Kernel) / Convolution.Stride + 1;

    /// <summary>Elements of the patch behind an output: a filter's weights, and so its fan-in.</summary>
    public int PatchSize => InputChannels * Convolution.Kernel * Convolution.Kernel;

    /// <summary>Where the biases begin among the parameters.</summary>
    public int BiasOffset => WeightOffset + Channels * PatchSize;

    /// <summary>Where the next layer's parameters begin.</summary>
    public int End => BiasOffset + Channels;
}

/// <summary>
/// The convolutions between a stack of grey frames and a vector of features. The parameters lie in one flat buffer, layer by layer weight
/// [out, in, kernel, kernel] and bias [out]; the features are the last layer's [channels, height, width].
/// </summary>
public sealed class EncoderShape
{
    /// <summary>Checks sizes and computes those in between.</summary>
    /// <param name="planes">Frames of a stack, the first layer's input channels.</param>
    /// <param name="height">Height of a frame.</param>
    /// <param name="width">Width of a frame.</param>
    /// <param name="convolutions">1 or more.</param>
    /// <exception cref="ArgumentException">A size is not positive, a layer's input is smaller than its kernel, or there are 2^31 or more
    /// parameters or activations.</exception>
    public EncoderShape(int planes, int height, int width, IEnumerable<ConvolutionLayer> convolutions)
    {
        ArgumentNullException.ThrowIfNull(convolutions);
        ArgumentOutOfRangeException.ThrowIfLessThan(planes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        (Planes, Height, Width) = (planes, height, width);
        var layers = new List<EncoderLayer>();
        var (channels, offset) = (planes, 0);
        foreach (var convolution in convolutions)
        {
            var layer = new EncoderLayer(convolution, channels, height, width, offset);
            Check(layer, layers.Count);
            layers.Add(layer);
            (channels, height, width, offset) = (layer.Channels, layer.OutputHeight, layer.OutputWidth, layer.End);
        }

        if (layers.Count == 0)
        {
            throw new ArgumentException("an encoder needs at least one convolution", nameof(convolutions));
        }

        (Layers, Length, Features) = (layers, offset, channels * height * width);
    }

    /// <summary>Frames of a stack.</summary>
    public int Planes { get; }

    /// <summary>Height of a frame.</summary>
    public int Height { get; }

    /// <summary>Width of a frame.</summary>
    public int Width { get; }

    /// <summary>First to last.</summary>
    public IReadOnlyList<EncoderLayer> Layers { get; }

    /// <summary>Parameters of all layers.</summary>
    public int Length { get; }

    /// <summary>Elements of the last layer's output.</summary>
    public int Features { get; }

    /// <summary>A network that has a name.</summary>
    /// <param name="encoder">Which; not <see cref="Encoder.None"/>.</param>
    /// <param name="planes">Frames of a stack.</param>
    /// <param name="height">Height of a frame.</param>
    /// <param name="width">Width of a frame.</param>
    /// <exception cref="ArgumentException">There is no encoder, or the frames are too small for it.</exception>
    public static EncoderShape Of(Encoder encoder, int planes, int height, int width) => new(planes, height, width, encoder switch
    {
        Encoder.Nature => [new(32, 8, 4), new(64, 4, 2), new(64, 3, 1)],
        Encoder.Ikostrikov => [new(32, 8, 4), new(64, 4, 2), new(32, 3, 1)],
        Encoder.Ppo1 => [new(16, 8, 4), new(32, 4, 2)],
        _ => throw new ArgumentException("frames need convolutions (network.encoder)", nameof(encoder)),
    });

    private static void Check(EncoderLayer layer, int index)
    {
        var (channels, kernel, stride) = layer.Convolution;
        if (channels < 1 || kernel < 1 || stride < 1)
        {
            throw new ArgumentException(
                $"conv.{index}: {channels} channels, kernel {kernel}, stride {stride}; each must be 1 or more", nameof(layer));
        }

        if (layer.InputHeight < kernel || layer.InputWidth < kernel)
        {
            throw new ArgumentException(
                $"conv.{index}: its input of {layer.InputHeight}x{layer.InputWidth} is smaller than its {kernel}x{kernel} kernel; " +
                "frames must be larger, or kernels and strides before it smaller", nameof(layer));
        }

        var patch = (long)layer.InputChannels * kernel * kernel;
        var end = patch <= int.MaxValue ? layer.WeightOffset + channels * (patch + 1) : long.MaxValue;
        if (end > int.MaxValue || (long)channels * layer.OutputHeight * layer.OutputWidth > int.MaxValue
            || (long)layer.InputChannels * layer.InputHeight * layer.InputWidth > int.MaxValue)
        {
            throw new ArgumentException(
                $"conv.{index}: {channels} channels, kernel {kernel} on {layer.InputChannels}x{layer.InputHeight}x{layer.InputWidth} " +
                "make 2^31 or more parameters or activations", nameof(layer));
        }
    }
}
