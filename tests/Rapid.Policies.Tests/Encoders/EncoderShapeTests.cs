using Rapid.Policies.Encoders;
using Rapid.Protocol.Specs;

namespace Rapid.Policies.Tests.Encoders;

public sealed class EncoderShapeTests
{
    [Theory]
    [InlineData(Encoder.Nature, 3136, 77984)]
    [InlineData(Encoder.Ikostrikov, 1568, 59520)]
    [InlineData(Encoder.Ppo1, 2592, 12336)]
    public void Named_networks_have_the_known_sizes(Encoder encoder, int features, int length)
    {
        var shape = EncoderShape.Of(encoder, 4, 84, 84);

        Assert.Equal(features, shape.Features);
        Assert.Equal(length, shape.Length);
        Assert.Equal(20, shape.Layers[0].OutputHeight);
        Assert.Equal(9, shape.Layers[1].OutputWidth);
        Assert.Equal(shape.Length, shape.Layers[^1].End);
    }

    [Theory]
    [InlineData(7, "conv.0", "84x7", "8x8 kernel")]
    [InlineData(16, "conv.1", "20x3", "4x4 kernel")]
    [InlineData(20, "conv.2", "9x1", "3x3 kernel")]
    public void A_frame_that_is_too_small_is_refused_with_the_layer_and_its_sizes(int width, string layer, string input, string kernel)
    {
        var error = Assert.Throws<ArgumentException>(() => EncoderShape.Of(Encoder.Nature, 4, 84, width));

        Assert.All([layer, input, kernel], part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void No_encoder_and_impossible_sizes_are_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => EncoderShape.Of(Encoder.None, 4, 84, 84));
        Assert.Contains("network.encoder", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new EncoderShape(4, 84, 84, []));
        Assert.Throws<ArgumentException>(() => new EncoderShape(4, 84, 84, [new(32, 8, 0)]));
        Assert.Throws<ArgumentException>(() => new EncoderShape(4, 84, 84, [new(1 << 30, 8, 4)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EncoderShape(0, 84, 84, [new(32, 8, 4)]));
    }
}
