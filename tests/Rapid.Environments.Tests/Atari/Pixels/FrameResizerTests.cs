using System.Security.Cryptography;
using Rapid.Environments.Atari.Pixels;

namespace Rapid.Environments.Tests.Atari.Pixels;

public sealed class FrameResizerTests
{
    private const int Width = FrameResizer.SourceWidth;

    private static readonly uint[] Palette =
        [.. Enumerable.Range(0, 256).Select(i => (uint)((i * 37 & 255) << 16 | (i * 91 + 13 & 255) << 8 | (i * 151 + 7 & 255)))];

    private static readonly byte[] Grays = [.. Enumerable.Range(0, 256).Select(i => (byte)(i * 29 + 5))];

    public static TheoryData<string> OpenCv =>
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "golden", "atari", "resize.tsv")).Skip(1)];

    [Theory, MemberData(nameof(OpenCv))]
    public void Area_resize_equals_OpenCV_to_the_last_bit(string row)
    {
        var cells = row.Split('\t');
        int source = int.Parse(cells[2]), width = int.Parse(cells[3]), height = int.Parse(cells[4]);
        var (first, second) = Frames(cells[0], uint.Parse(cells[1]), source);
        var result = new byte[width * height];
        foreach (var vector in (bool[])[true, false])
        {
            new FrameResizer(GrayTable.OfColors(Palette, vector), source, width, height, vector).Resize(first, second, result);
            Assert.Equal((vector, cells[5]), (vector, Hash(result)));
            new FrameResizer(GrayTable.OfGrays(Grays, vector), source, width, height, vector).Resize(first, second, result);
            Assert.Equal((vector, cells[6]), (vector, Hash(result)));
        }
    }

    [Theory]
    [InlineData(210, 84, 84)]
    [InlineData(250, 84, 84)]
    [InlineData(214, 96, 110)]
    [InlineData(210, 31, 17)]
    public void Area_resize_is_the_covered_area_within_half_a_grey_level(int source, int width, int height)
    {
        var (first, second) = Frames("noise", 77, source);
        var result = new byte[width * height];
        new FrameResizer(GrayTable.OfGrays(Grays), source, width, height).Resize(first, second, result);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                Assert.InRange(Area(first, second, source, width, height, x, y) - result[y * width + x], -0.501, 0.501);
            }
        }
    }

    [Fact]
    public void One_frame_is_the_maximum_of_itself()
    {
        var (frame, _) = Frames("blocks", 5, 210);
        var resizer = new FrameResizer(GrayTable.OfColors(Palette));
        byte[] one = new byte[84 * 84], two = new byte[84 * 84];
        resizer.Resize(frame, one);
        resizer.Resize(frame, frame, two);
        Assert.Equal(two, one);
        Assert.True(one.Distinct().Count() > 50);
    }

    [Fact]
    public void Colours_are_pooled_before_luma_and_greys_after()
    {
        var palette = new uint[256];
        (palette[2], palette[4]) = (0xFF0000, 0x0000FF);
        byte[] red = [2], blue = [4], gray = new byte[1];
        GrayTable.OfColors(palette).Pool(red, blue, gray);
        Assert.Equal(76 + 29, gray[0]); // .299 * 255 and .114 * 255
        var grays = new byte[256];
        (grays[2], grays[4]) = (76, 29);
        GrayTable.OfGrays(grays).Pool(red, blue, gray);
        Assert.Equal(76, gray[0]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_pair_of_indices_is_pooled_by_channel(bool vector)
    {
        var table = GrayTable.OfColors(Palette, vector);
        var first = Enumerable.Range(0, 65536).Select(i => (byte)i).ToArray();
        var second = Enumerable.Range(0, 65536).Select(i => (byte)(i >> 8)).ToArray();
        var gray = new byte[65536];
        table.Pool(first, second, gray);
        for (var i = 0; i < gray.Length; i++)
        {
            var (a, b) = (Palette[first[i]], Palette[second[i]]);
            double Channel(int shift) => Math.Max(a >> shift & 255, b >> shift & 255);
            Assert.Equal(0.299 * Channel(16) + 0.587 * Channel(8) + 0.114 * Channel(0), gray[i], 0.51);
        }

    }

    [Fact]
    public void Frames_become_colours_at_full_size()
    {
        byte[] rgb = new byte[6];
        ColorFrames.Convert([2, 9], Palette, rgb);
        Assert.Equal([74, 195, 53, 77, 64, 86], rgb);
        ColorFrames.Pool([2, 9], [9, 2], Palette, rgb);
        Assert.Equal([77, 195, 86, 77, 195, 86], rgb);
    }

    [Theory]
    [InlineData(0, 84, 84)]
    [InlineData(313, 84, 84)]
    [InlineData(210, 161, 84)]
    [InlineData(210, 84, 211)]
    [InlineData(210, 0, 84)]
    public void Sizes_that_would_enlarge_a_frame_are_refused(int source, int width, int height) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new FrameResizer(GrayTable.OfGrays(Grays), source, width, height));

    private static double Area(byte[] first, byte[] second, int source, int width, int height, int x, int y)
    {
        double sum = 0, scaleX = (double)Width / width, scaleY = (double)source / height;
        for (var j = (int)(y * scaleY); j < Math.Min(source, (y + 1) * scaleY); j++)
        {
            for (var i = (int)(x * scaleX); i < Math.Min(Width, (x + 1) * scaleX); i++)
            {
                var covered = (Math.Min(j + 1, (y + 1) * scaleY) - Math.Max(j, y * scaleY))
                    * (Math.Min(i + 1, (x + 1) * scaleX) - Math.Max(i, x * scaleX));
                sum += covered * Math.Max(Grays[first[j * Width + i]], Grays[second[j * Width + i]]);
            }
        }

        return sum / (scaleX * scaleY);
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];

    // The same frames as resize.py makes.
    private static (byte[] First, byte[] Second) Frames(string kind, uint x, int height)
    {
        var block = kind == "noise" ? 1 : 4;
        byte[] first = new byte[height * Width], second = new byte[height * Width];
        for (var row = 0; row < height; row += block)
        {
            for (var column = 0; column < Width; column += block)
            {
                x ^= x << 13;
                x ^= x >> 17;
                x ^= x << 5;
                var index = (byte)(x & (kind == "odd" ? 255u : 254u));
                var other = (x >> 8 & 15) == 0 ? (byte)(x >> 16 & 254) : index;
                for (var at = row; at < Math.Min(row + block, height); at++)
                {
                    first.AsSpan(at * Width + column, block).Fill(index);
                    second.AsSpan(at * Width + column, block).Fill(other);
                }
            }
        }

        return (first, second);
    }
}
