using System.Buffers;
using System.Buffers.Binary;
using Rapid.Environments.Rendering.Pictures;

namespace Rapid.Environments.Tests.Rendering;

/// <summary>Pictures and films of pictures that are not made of palette indices.</summary>
public sealed class TrueColorTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 5)]
    [InlineData(160, 90)]
    public void Png_in_true_colour_holds_every_pixel(int width, int height)
    {
        foreach (var rgb in (byte[][])[Noise(width, height, 1), Shades(width, height, 3), new byte[width * height * 3]])
        {
            var chunks = PngReader.Chunks(PngEncoder.EncodeRgb(rgb, width));
            Assert.Equal(["IHDR", "IDAT", "IEND"], chunks.Select(chunk => chunk.Type));
            Assert.Equal([8, 2, 0, 0, 0], chunks[0].Data[8..]);
            Assert.Equal(rgb, PngReader.Rows(chunks[1].Data, width, height));
        }
    }

    [Fact]
    public void Shades_are_written_as_their_differences()
    {
        var (smooth, noise) = (PngEncoder.EncodeRgb(Shades(200, 200, 1), 200).Length, PngEncoder.EncodeRgb(Noise(200, 200, 1), 200).Length);
        Assert.InRange(smooth, 1, noise / 20);
    }

    [Fact]
    public void Animated_png_shows_every_frame_for_its_time_and_knows_how_many_there_are()
    {
        byte[][] frames = [Shades(60, 40, 1), Noise(60, 40, 2), Shades(60, 40, 3)];
        using var file = new MemoryStream();
        var encoder = new AnimatedPngEncoder(file, 60, 40, 1000 / 24.0);
        Array.ForEach(frames, frame => encoder.Add(frame));
        encoder.End();
        var chunks = PngReader.Chunks(file.ToArray());
        Assert.Equal(["IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND"], chunks.Select(chunk => chunk.Type));
        Assert.Equal((3, 0), (Number(chunks[1].Data), Number(chunks[1].Data.AsSpan(4))));
        Assert.Equal(frames[0], PngReader.Rows(chunks[3].Data, 60, 40));
        Assert.Equal(frames[1], PngReader.Rows(chunks[5].Data.AsSpan(4), 60, 40));
        Assert.Equal(frames[2], PngReader.Rows(chunks[7].Data.AsSpan(4), 60, 40));
        Assert.Equal([0, 1, 2, 3, 4], chunks.Where(chunk => chunk.Type is "fcTL" or "fdAT").Select(chunk => Number(chunk.Data)));
        foreach (var control in chunks.Where(chunk => chunk.Type == "fcTL"))
        {
            double seconds = BinaryPrimitives.ReadUInt16BigEndian(control.Data.AsSpan(20));
            Assert.Equal(0.024, seconds / BinaryPrimitives.ReadUInt16BigEndian(control.Data.AsSpan(22)), 1e-6);
        }
    }

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

    [Fact]
    public void Labels_are_written_where_they_are_asked_for()
    {
        var rgb = new byte[40 * 20 * 3];
        Label.Write("-I", rgb, 40, 3, 4, 2, 0xFF0000);
        var picture = new Picture(rgb, 40);
        Assert.Equal(22, Label.WidthOf("-I", 2));
        Assert.Equal(0xFF0000u, picture[3 + 2, 4 + 6]);
        Assert.Equal(0u, picture[3 + 2, 4 + 5]);
        Assert.Equal(0xFF0000u, picture[3 + 12 + 4, 4 + 13]);
        Assert.Equal(0u, picture[3 + 12 + 4, 4 + 14]);
        Assert.Equal(0u, picture[3 + 12, 4 + 4]);
        Label.Write("outside", rgb, 40, 35, 15, 3, 0xFF0000);
    }

    private static byte[] Bytes(uint color) => [(byte)(color >> 16), (byte)(color >> 8), (byte)color];

    private static int Number(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadInt32BigEndian(data);

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
