using System.Buffers;
using Rapid.Core;
using Rapid.Environments.Atari;
using Rapid.Environments.Registry;
using Rapid.Environments.Rendering.Pictures;

namespace Rapid.Environments.Tests.Rendering;

public sealed class PictureTests
{
    private static readonly uint[] Rainbow = [.. Enumerable.Range(0, 255).Select(i => (uint)(i * 0x010203)), 0u];

    public enum Filling
    {
        Flat,
        Noise,
        Stripes,
    }

    [Fact]
    public void Enlarged_pixels_are_squares()
    {
        var enlarged = new byte[24];
        PictureFrame.Enlarge([1, 2, 3, 4, 5, 6], 3, 2, enlarged);
        Assert.Equal([1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6], enlarged);
    }

    [Theory]
    [InlineData(Filling.Flat, 1, 1)]
    [InlineData(Filling.Flat, 320, 420)]
    [InlineData(Filling.Noise, 320, 420)]
    [InlineData(Filling.Stripes, 319, 211)]
    public void Gif_shows_every_frame_for_its_time(Filling filling, int width, int height)
    {
        byte[][] frames = [.. Enumerable.Range(0, 4).Select(seed => Fill(filling, width * height, seed))];
        var shown = Film(frames, width, height, perSecond: 25);
        Assert.Equal(4, shown.Count);
        for (var i = 0; i < frames.Length; i++)
        {
            Assert.Equal(frames[i].Select(index => Rainbow[index]), shown[i].Pixels);
            Assert.Equal(4, shown[i].Delay);
        }
    }

    [Fact]
    public void Gif_works_with_all_256_colours_different()
    {
        uint[] colors = [.. Enumerable.Range(0, 256).Select(i => (uint)i)];
        byte[][] frames = [Fill(Filling.Noise, 1000, 1), Fill(Filling.Noise, 1000, 2)];
        var shown = Film(frames, 50, 20, 30, colors);
        Assert.Equal(frames.Select(frame => frame.Select(index => (uint)index)), shown.Select(frame => frame.Pixels));
    }

    [Fact]
    public void Gif_frames_that_are_alike_are_one_that_lasts_and_the_rate_is_kept()
    {
        var (one, other) = (new byte[100], new byte[100]);
        other[33] = 9;
        var shown = Film([one, one, one, other, one, other, other], 10, 10, perSecond: 30);
        Assert.Equal([10, 3, 4, 6], shown.Select(frame => frame.Delay));
        Assert.Equal(Rainbow[9], shown[1].Pixels[33]);
        Assert.Equal(0u, shown[2].Pixels[33]);
        Assert.Equal(Rainbow[9], shown[3].Pixels[33]);
    }

    [Fact]
    public void Gif_frames_that_last_longer_than_a_delay_can_say_are_repeated()
    {
        var shown = Film([.. Enumerable.Repeat(new byte[4], 1400)], 2, 2, perSecond: 1);
        Assert.Equal(140_000, shown.Sum(frame => frame.Delay));
        Assert.All(shown, frame => Assert.InRange(frame.Delay, 1, ushort.MaxValue));
    }

    [Fact]
    public void Gif_writes_little_for_little_change()
    {
        var random = new RandomStream(5);
        var frame = Fill(Filling.Noise, 320 * 420, 1);
        List<byte[]> frames = [];
        for (var i = 0; i < 50; i++)
        {
            frame = [.. frame];
            frame[random.NextIndex(frame.Length)] ^= 1;
            frames.Add(frame);
        }

        Assert.InRange(Encode(frames, 320, 420, 30, Rainbow).Length, 1, (320 * 420 * 3) + (50 * 100));
    }

    [Fact]
    public void A_watched_game_shows_every_frame_of_its_actions()
    {
        using var game = (AtariEnvironment)EnvironmentRegistry.Create("DuelNoFrameskip-v4");
        List<int> frames = [];
        game.FramePlayed = console => frames.Add(console.EpisodeFrames);
        var observation = new float[game.ObservationSpace.Size];
        game.Reset(new RandomStream(3), observation);
        frames.Clear();
        for (var step = 0; step < 10; step++)
        {
            game.Step([0], observation);
        }

        Assert.Equal(Enumerable.Range(frames[0], 40), frames);
    }

    private static List<(uint[] Pixels, int Delay)> Film(
        IReadOnlyList<byte[]> frames, int width, int height, int perSecond, uint[]? palette = null)
    {
        var shown = GifReader.Read(Encode(frames, width, height, perSecond, palette ?? Rainbow), out var wide, out var high);
        Assert.Equal((width, height), (wide, high));
        return shown;
    }

    private static byte[] Encode(IReadOnlyList<byte[]> frames, int width, int height, int perSecond, uint[] palette)
    {
        var output = new ArrayBufferWriter<byte>();
        var encoder = new GifEncoder(output, width, height, palette, perSecond);
        foreach (var frame in frames)
        {
            encoder.Add(frame);
        }

        encoder.End();
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Fill(Filling filling, int count, int seed)
    {
        var random = new RandomStream((ulong)seed);
        return [.. Enumerable.Range(0, count).Select(i => filling switch
        {
            Filling.Flat => (byte)(seed + 1),
            Filling.Noise => (byte)random.NextIndex(256),
            _ => (byte)(((i / 5) + seed) % 3),
        })];
    }
}
