namespace Rapid.Environments.Tests.Rendering;

/// <summary>Reads films as a program that shows them does, with colours in place of indices.</summary>
internal static class GifReader
{
    /// <summary>Every frame, complete, with its hundredths of a second.</summary>
    public static List<(uint[] Pixels, int Delay)> Read(ReadOnlySpan<byte> file, out int width, out int height)
    {
        Assert.Equal("GIF89a"u8, file[..6]);
        (width, height) = (Number(file, 6), Number(file, 8));
        var flags = file[10];
        Assert.NotEqual(0, flags & 0x80);
        var colors = new uint[2 << (flags & 7)];
        var at = 13;
        for (var i = 0; i < colors.Length; i++, at += 3)
        {
            colors[i] = ((uint)file[at] << 16) | ((uint)file[at + 1] << 8) | file[at + 2];
        }

        List<(uint[], int)> frames = [];
        var canvas = new uint[width * height];
        var (delay, transparent) = (0, -1);
        while (true)
        {
            switch (file[at++])
            {
                case 0x21 when file[at] == 0xF9:
                    Assert.Equal((4, 0), (file[at + 1], file[at + 6]));
                    Assert.Equal(1, (file[at + 2] >> 2) & 7);
                    (delay, transparent) = (Number(file, at + 3), (file[at + 2] & 1) == 1 ? file[at + 5] : -1);
                    at += 7;
                    break;
                case 0x21:
                    at++;
                    Blocks(file, ref at);
                    break;
                case 0x2C:
                    var (left, top, wide, high) = (Number(file, at), Number(file, at + 2), Number(file, at + 4), Number(file, at + 6));
                    Assert.Equal(0, file[at + 8]);
                    at += 9;
                    var symbolBits = file[at++];
                    var pixels = Decode(Blocks(file, ref at), symbolBits);
                    Assert.Equal(wide * high, pixels.Count);
                    for (var i = 0; i < pixels.Count; i++)
                    {
                        if (pixels[i] != transparent)
                        {
                            canvas[((top + (i / wide)) * width) + left + (i % wide)] = colors[pixels[i]];
                        }
                    }

                    frames.Add(([.. canvas], delay));
                    break;
                case 0x3B:
                    Assert.Equal(file.Length, at);
                    return frames;
                default:
                    Assert.Fail($"a block that does not exist, before {at}");
                    break;
            }
        }
    }

    private static int Number(ReadOnlySpan<byte> file, int at) => file[at] | (file[at + 1] << 8);

    private static List<byte> Blocks(ReadOnlySpan<byte> file, ref int at)
    {
        List<byte> all = [];
        for (var length = file[at++]; length > 0; length = file[at++])
        {
            all.AddRange(file.Slice(at, length));
            at += length;
        }

        return all;
    }

    /// <summary>The reader's side of the algorithm: strings are rebuilt from the codes alone.</summary>
    private static List<byte> Decode(List<byte> data, int symbolBits)
    {
        List<byte> pixels = [];
        List<byte[]> strings = [];
        var (clear, bits, position) = (1 << symbolBits, symbolBits + 1, 0);
        byte[]? before = null;
        while (true)
        {
            var code = 0;
            for (var bit = 0; bit < bits; bit++, position++)
            {
                code |= ((data[position / 8] >> (position % 8)) & 1) << bit;
            }

            if (code == clear + 1)
            {
                Assert.Equal(data.Count, (position + 7) / 8);
                return pixels;
            }

            if (code == clear)
            {
                strings = [.. Enumerable.Range(0, clear).Select(i => (byte[])[(byte)i]), [], []];
                (bits, before) = (symbolBits + 1, null);
                continue;
            }

            Assert.InRange(code, 0, before is null ? clear - 1 : strings.Count);
            var text = code < strings.Count ? strings[code] : [.. before!, before![0]];
            pixels.AddRange(text);
            if (before is not null && strings.Count < 4096)
            {
                strings.Add([.. before, text[0]]);
                if (strings.Count == 1 << bits && bits < 12)
                {
                    bits++;
                }
            }

            before = text;
        }
    }
}
