using System.Buffers;
using Rapid.Core;
using Rapid.Environments.Rendering.Pictures;
using SkiaSharp;

namespace Rapid.Environments.Tests.Rendering;

/// <summary>Pictures and films of pictures that are not made of palette indices.</summary>
public sealed class TrueColorTests
{
    [Theory]
    [InlineData(1, 1, PngEffort.Much)]
    [InlineData(7, 5, PngEffort.Little)]
    [InlineData(160, 90, PngEffort.Much)]
    [InlineData(160, 90, PngEffort.Little)]
    public void Png_holds_every_pixel(int width, int height, PngEffort effort)
    {
        foreach (var rgb in (byte[][])[Noise(width, height, 1), Shades(width, height, 3), new byte[width * height * 3]])
        {
            using var shown = SKBitmap.Decode(Png.Encode(rgb, width, effort));
            Assert.Equal((width, height), (shown.Width, shown.Height));
            Assert.Equal(rgb, shown.Pixels.SelectMany(pixel => (byte[])[pixel.Red, pixel.Green, pixel.Blue]));
            Assert.All(shown.Pixels, pixel => Assert.Equal(255, pixel.Alpha));
        }
    }

    [Fact]
    public void Shades_are_written_as_their_differences_and_effort_makes_them_smaller()
    {
        var (shades, noise) = (Shades(200, 200, 1), Png.Encode(Noise(200, 200, 1), 200).Length);
        var (little, much) = (Png.Encode(shades, 200, PngEffort.Little).Length, Png.Encode(shades, 200).Length);
        Assert.InRange(little, 1, noise / 20);
        Assert.InRange(much, 1, little - 1);
    }

    [Fact]
    public void Png_of_rows_that_are_not_whole_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Png.Encode(new byte[7 * 3], 2));

    [Fact]
    public void A_picture_of_few_colours_keeps_each_of_them()
    {
        var random = new RandomStream(1);
        uint[] colors = [.. Enumerable.Range(0, 200).Select(_ => (uint)random.NextIndex(1 << 24)).Distinct()];
        var rgb = Enumerable.Range(0, 5000).SelectMany(i => Bytes(colors[i % colors.Length])).ToArray();
        var reducer = new ColorReducer(rgb, 228, 3);
        var indices = new byte[5000];
        reducer.Reduce(rgb, 100, indices);
        var palette = reducer.Palette.ToArray();
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => colors[i % colors.Length]), indices.Select(index => palette[index]));
    }

    [Fact]
    public void Shades_of_many_colours_come_near_and_right_on_average()
    {
        var rgb = Shades(160, 120, 1);
        var reducer = new ColorReducer(rgb, 228, 3);
        var indices = new byte[160 * 120];
        reducer.Reduce(rgb, 160, indices);
        var palette = reducer.Palette.ToArray();
        var shown = indices.SelectMany(index => Bytes(palette[index])).ToArray();
        Assert.InRange(Enumerable.Range(0, rgb.Length).Average(i => Math.Abs(rgb[i] - shown[i])), 0, 10);
        Assert.Equal(rgb.Average(value => value), shown.Average(value => value), 2.0);
    }

    [Fact]
    public void A_colour_that_comes_into_view_later_is_recognised()
    {
        var reducer = new ColorReducer(new byte[300], 228, 3);
        var index = new byte[1];
        reducer.Reduce([250, 10, 10], 1, index);
        var color = reducer.Palette[index[0]];
        Assert.InRange(color >> 16, 180u, 255u);
        Assert.InRange((color >> 8) & 0xFF, 0u, 60u);
    }

    [Fact]
    public void A_film_of_shades_has_the_rate_of_a_fraction()
    {
        // Hopper's 125 steps a second, every third shown.
        var output = new ArrayBufferWriter<byte>();
        var encoder = new GifEncoder(output, 10, 10, [0u, 0xFFFFFFu], 125 / 3.0);
        for (var i = 0; i < 125; i++)
        {
            encoder.Add(Enumerable.Repeat((byte)(i & 1), 100).ToArray());
        }

        encoder.End();
        var shown = GifReader.Read(output.WrittenSpan, out _, out _);
        Assert.Equal(125, shown.Count);
        Assert.Equal(300, shown.Sum(frame => frame.Delay));
        Assert.All(shown, frame => Assert.InRange(frame.Delay, 2, 3));
    }

    private static byte[] Bytes(uint color) => [(byte)(color >> 16), (byte)(color >> 8), (byte)color];

    private static byte[] Noise(int width, int height, ulong seed)
    {
        var random = new RandomStream(seed);
        return [.. Enumerable.Range(0, width * height * 3).Select(_ => (byte)random.NextIndex(256))];
    }

    private static byte[] Shades(int width, int height, int step) =>
        [
            .. Enumerable.Range(0, width * height)
                .SelectMany(i => (byte[])[(byte)(i % width * step), (byte)(i / width), (byte)(i % width / 2)]),
        ];
}
