namespace Rapid.Environments.Atari.Arcade;

/// <summary>
/// The colours of the console's palette indices. Even indices are colours, by hue and then luminance; an odd one is the grey of the colour
/// before it and occurs only where a frame lost its colour.
/// </summary>
public sealed class ArcadePalette
{
    private readonly Lazy<byte[]> _average;

    ArcadePalette(uint[] colors)
    {
        var rgb = new uint[256];
        for (var i = 0; i < 128; i++)
        {
            rgb[2 * i] = colors[i];
            rgb[(2 * i) + 1] = Luma(colors[i]) * 0x10101;
        }

        var grays = new byte[256];
        for (var i = 0; i < 256; i++)
        {
            // The reference takes the grey from the entry behind a colour; the last has none and is its own.
            grays[i] = (byte)rgb[Math.Min(i + 1, 255)];
        }

        (Rgb, Grays) = (rgb, grays);
        _average = new Lazy<byte[]>(Averages);
    }

    /// <summary>NTSC, as the Stella emulator and the Arcade Learning Environment show it.</summary>
    public static ArcadePalette Ntsc { get; } = new(NtscColors);

    /// <summary>PAL, as the Stella emulator and the Arcade Learning Environment show it.</summary>
    public static ArcadePalette Pal { get; } = new(PalColors);

    /// <summary>SECAM, as the Stella emulator and the Arcade Learning Environment show it: eight colours, by luminance alone.</summary>
    public static ArcadePalette Secam { get; } = new([.. Enumerable.Repeat(SecamColors, 16).SelectMany(colors => colors)]);

    /// <summary>[256], 0xRRGGBB.</summary>
    public ReadOnlyMemory<uint> Rgb { get; }

    /// <summary>[256], grey levels.</summary>
    public ReadOnlyMemory<byte> Grays { get; }

    /// <summary>The index nearest to the average of two frames' colours, which a flickering screen shows.</summary>
    /// <param name="current">Index in the newer frame.</param>
    /// <param name="previous">Index in the frame before.</param>
    public byte Average(byte current, byte previous) => _average.Value[(current << 8) | previous];

    private static uint Luma(uint rgb) =>
        (uint)Math.Floor((0.2989 * (rgb >> 16)) + (0.5870 * ((rgb >> 8) & 0xFF)) + (0.1140 * (rgb & 0xFF)) + 0.5);

    private byte[] Averages()
    {
        // Channels are compared in steps of 4.
        var nearest = new byte[64 * 64 * 64];
        var known = new bool[nearest.Length];
        var table = new byte[256 * 256];
        var colors = Rgb.Span;
        for (var i = 0; i < table.Length; i++)
        {
            uint a = colors[i >> 8], b = colors[i & 0xFF];
            var (red, green, blue) = (Blend(a >> 16, b >> 16), Blend(a >> 8, b >> 8), Blend(a, b));
            var key = (red << 12) | (green << 6) | blue;
            if (!known[key])
            {
                known[key] = true;
                nearest[key] = Nearest(red << 2, green << 2, blue << 2);
            }

            table[i] = nearest[key];
        }

        return table;
    }

    /// <summary>From the darker channel 77 hundredths of the way to the brighter one, in steps of 4.</summary>
    private static int Blend(uint a, uint b)
    {
        int high = (int)Math.Max(a & 0xFF, b & 0xFF), low = (int)Math.Min(a & 0xFF, b & 0xFF);
        return (((high - low) * 77 / 100) + low) >> 2;
    }

    private byte Nearest(int red, int green, int blue)
    {
        var (best, least) = (0, int.MaxValue);
        for (var i = 0; i < 256; i += 2)
        {
            var color = Rgb.Span[i];
            var distance = Math.Abs((int)(color >> 16) - red) + Math.Abs((int)((color >> 8) & 0xFF) - green)
                + Math.Abs((int)(color & 0xFF) - blue);
            if (distance < least)
            {
                (best, least) = (i, distance);
            }
        }

        return (byte)best;
    }

    private static uint[] NtscColors =>
    [
        0x000000, 0x4A4A4A, 0x6F6F6F, 0x8E8E8E, 0xAAAAAA, 0xC0C0C0, 0xD6D6D6, 0xECECEC,
        0x484800, 0x69690F, 0x86861D, 0xA2A22A, 0xBBBB35, 0xD2D240, 0xE8E84A, 0xFCFC54,
        0x7C2C00, 0x904811, 0xA26221, 0xB47A30, 0xC3903D, 0xD2A44A, 0xDFB755, 0xECC860,
        0x901C00, 0xA33915, 0xB55328, 0xC66C3A, 0xD5824A, 0xE39759, 0xF0AA67, 0xFCBC74,
        0x940000, 0xA71A1A, 0xB83232, 0xC84848, 0xD65C5C, 0xE46F6F, 0xF08080, 0xFC9090,
        0x840064, 0x97197A, 0xA8308F, 0xB846A2, 0xC659B3, 0xD46CC3, 0xE07CD2, 0xEC8CE0,
        0x500084, 0x68199A, 0x7D30AD, 0x9246C0, 0xA459D0, 0xB56CE0, 0xC57CEE, 0xD48CFC,
        0x140090, 0x331AA3, 0x4E32B5, 0x6848C6, 0x7F5CD5, 0x956FE3, 0xA980F0, 0xBC90FC,
        0x000094, 0x181AA7, 0x2D32B8, 0x4248C8, 0x545CD6, 0x656FE4, 0x7580F0, 0x8490FC,
        0x001C88, 0x183B9D, 0x2D57B0, 0x4272C2, 0x548AD2, 0x65A0E1, 0x75B5EF, 0x84C8FC,
        0x003064, 0x185080, 0x2D6D98, 0x4288B0, 0x54A0C5, 0x65B7D9, 0x75CCEB, 0x84E0FC,
        0x004030, 0x18624E, 0x2D8169, 0x429E82, 0x54B899, 0x65D1AE, 0x75E7C2, 0x84FCD4,
        0x004400, 0x1A661A, 0x328432, 0x48A048, 0x5CBA5C, 0x6FD26F, 0x80E880, 0x90FC90,
        0x143C00, 0x355F18, 0x527E2D, 0x6E9C42, 0x87B754, 0x9ED065, 0xB4E775, 0xC8FC84,
        0x303800, 0x505916, 0x6D762B, 0x88923E, 0xA0AB4F, 0xB7C25F, 0xCCD86E, 0xE0EC7C,
        0x482C00, 0x694D14, 0x866A26, 0xA28638, 0xBB9F47, 0xD2B656, 0xE8CC63, 0xFCE070,
    ];

    private static uint[] SecamColors => [0x000000, 0x2121FF, 0xF03C79, 0xFF50FF, 0x7FFF00, 0x7FFFFF, 0xFFFF3F, 0xFFFFFF];

    private static uint[] PalColors =>
    [
        0x000000, 0x2B2B2B, 0x525252, 0x767676, 0x979797, 0xB6B6B6, 0xD2D2D2, 0xECECEC,
        0x000000, 0x2B2B2B, 0x525252, 0x767676, 0x979797, 0xB6B6B6, 0xD2D2D2, 0xECECEC,
        0x805800, 0x96711A, 0xAB8732, 0xBE9C48, 0xCFAF5C, 0xDFC06F, 0xEED180, 0xFCE090,
        0x445C00, 0x5E791A, 0x769332, 0x8CAC48, 0xA0C25C, 0xB3D76F, 0xC4EA80, 0xD4FC90,
        0x703400, 0x89511A, 0xA06B32, 0xB68448, 0xC99A5C, 0xDCAF6F, 0xECC280, 0xFCD490,
        0x006414, 0x1A8035, 0x329852, 0x48B06E, 0x5CC587, 0x6FD99E, 0x80EBB4, 0x90FCC8,
        0x700014, 0x891A35, 0xA03252, 0xB6486E, 0xC95C87, 0xDC6F9E, 0xEC80B4, 0xFC90C8,
        0x005C5C, 0x1A7676, 0x328E8E, 0x48A4A4, 0x5CB8B8, 0x6FCBCB, 0x80DCDC, 0x90ECEC,
        0x70005C, 0x841A74, 0x963289, 0xA8489E, 0xB75CB0, 0xC66FC1, 0xD380D1, 0xE090E0,
        0x003C70, 0x195A89, 0x2F75A0, 0x448EB6, 0x57A5C9, 0x68BADC, 0x79CEEC, 0x88E0FC,
        0x580070, 0x6E1A89, 0x8332A0, 0x9648B6, 0xA75CC9, 0xB76FDC, 0xC680EC, 0xD490FC,
        0x002070, 0x193F89, 0x2F5AA0, 0x4474B6, 0x578BC9, 0x68A1DC, 0x79B5EC, 0x88C8FC,
        0x340080, 0x4A1A96, 0x5F32AB, 0x7248BE, 0x835CCF, 0x936FDF, 0xA280EE, 0xB090FC,
        0x000088, 0x1A1A9D, 0x3232B0, 0x4848C2, 0x5C5CD2, 0x6F6FE1, 0x8080EF, 0x9090FC,
        0x000000, 0x2B2B2B, 0x525252, 0x767676, 0x979797, 0xB6B6B6, 0xD2D2D2, 0xECECEC,
        0x000000, 0x2B2B2B, 0x525252, 0x767676, 0x979797, 0xB6B6B6, 0xD2D2D2, 0xECECEC,
    ];
}
