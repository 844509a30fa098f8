namespace Rapid.Environments.Rendering.Pictures;

/// <summary>Short names on pictures, in letters of 5 by 7 dots.</summary>
public static class Label
{
    private const int Columns = 5, Rows = 7, Advance = Columns + 1;

    // Seven rows of five dots, the top one in the highest bits.
    private static readonly Dictionary<char, long> Dots = new()
    {
        ['A'] = 0x3A31FC631, ['B'] = 0x7A31F463E, ['C'] = 0x3A308422E, ['D'] = 0x7A318C63E, ['E'] = 0x7E10F421F, ['F'] = 0x7E10F4210,
        ['G'] = 0x3A30BC62E, ['H'] = 0x4631FC631, ['I'] = 0x38842108E, ['J'] = 0x1C4210A4C, ['K'] = 0x4654C5251, ['L'] = 0x42108421F,
        ['M'] = 0x4775AC631, ['N'] = 0x47359C631, ['O'] = 0x3A318C62E, ['P'] = 0x7A31F4210, ['Q'] = 0x3A318D64D, ['R'] = 0x7A31F5251,
        ['S'] = 0x3E107043E, ['T'] = 0x7C8421084, ['U'] = 0x46318C62E, ['V'] = 0x46318C544, ['W'] = 0x4631AD771, ['X'] = 0x462A22A31,
        ['Y'] = 0x462A21084, ['Z'] = 0x7C222221F, ['a'] = 0x000E0BE2F, ['b'] = 0x421E8C63E, ['c'] = 0x000F8420F, ['d'] = 0x042F8C62F,
        ['e'] = 0x000E8FE0F, ['f'] = 0x1928E2108, ['g'] = 0x01F18BC2E, ['h'] = 0x421E8C631, ['i'] = 0x100C2108E, ['j'] = 0x080610A4C,
        ['k'] = 0x4212A6292, ['l'] = 0x30842108E, ['m'] = 0x001AAD6B5, ['n'] = 0x001E8C631, ['o'] = 0x000E8C62E, ['p'] = 0x03D18FA10,
        ['q'] = 0x01F18BC21, ['r'] = 0x0016CC210, ['s'] = 0x000F8383E, ['t'] = 0x211C42126, ['u'] = 0x00118C62F, ['v'] = 0x00118C544,
        ['w'] = 0x0011AD6AA, ['x'] = 0x001151151, ['y'] = 0x02318BC2E, ['z'] = 0x001F1111F, ['0'] = 0x3A33AE62E, ['1'] = 0x11842108E,
        ['2'] = 0x3A213221F, ['3'] = 0x3A213062E, ['4'] = 0x08CA97C42, ['5'] = 0x7E1E0862E, ['6'] = 0x1910F462E, ['7'] = 0x7C2221084,
        ['8'] = 0x3A317462E, ['9'] = 0x3A317844C, ['-'] = 0x000070000, ['.'] = 0x00000018C, ['_'] = 0x00000001F, ['/'] = 0x042222210,
    };

    /// <summary>Pixels in a row that a text takes.</summary>
    public static int WidthOf(string text, int scale)
    {
        ArgumentNullException.ThrowIfNull(text);
        return ((text.Length * Advance) - 1) * scale;
    }

    /// <summary>Writes into a picture. What has no letter is left out, what does not fit is cut.</summary>
    /// <param name="text">Letters, digits, "-", ".", "_" and "/".</param>
    /// <param name="rgb">[height * width * 3].</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="left">Of the first letter.</param>
    /// <param name="top">Of the letters.</param>
    /// <param name="scale">Pixels of a dot, both ways.</param>
    /// <param name="color">0xRRGGBB.</param>
    public static void Write(string text, Span<byte> rgb, int width, int left, int top, int scale, uint color)
    {
        ArgumentNullException.ThrowIfNull(text);
        for (var i = 0; i < text.Length; i++)
        {
            var dots = Dots.GetValueOrDefault(text[i]);
            for (var dot = 0; dot < Columns * Rows; dot++)
            {
                if (((dots >> ((Columns * Rows) - 1 - dot)) & 1) == 1)
                {
                    Fill(rgb, width, left + (((i * Advance) + (dot % Columns)) * scale), top + (dot / Columns * scale), scale, color);
                }
            }
        }
    }

    private static void Fill(Span<byte> rgb, int width, int left, int top, int side, uint color)
    {
        for (var y = Math.Max(0, top); y < top + side && (y + 1) * width * 3 <= rgb.Length; y++)
        {
            for (var x = Math.Max(0, left); x < Math.Min(left + side, width); x++)
            {
                var i = ((y * width) + x) * 3;
                (rgb[i], rgb[i + 1], rgb[i + 2]) = ((byte)(color >> 16), (byte)(color >> 8), (byte)color);
            }
        }
    }
}
