namespace Rapid.Environments.Rendering.Pictures;

/// <summary>Short names on pictures, in letters of 5 by 7 dots and two rows below the line.</summary>
public static class Label
{
    private const int Columns = 5, Rows = 9, Advance = Columns + 1;

    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/";

    // Of each letter nine rows of five dots, the top one in the highest bits.
    private static readonly long[] Dots =
    [
        0x0E8C7F18C400, 0x1E8C7D18F800, 0x0E8C2108B800, 0x1E8C6318F800, 0x1F843D087C00, 0x1F843D084000, 0x0E8C2F18B800, 0x118C7F18C400,
        0x0E2108423800, 0x071084293000, 0x119531494400, 0x108421087C00, 0x11DD6B18C400, 0x11CD6718C400, 0x0E8C6318B800, 0x1E8C7D084000,
        0x0E8C63593400, 0x1E8C7D494400, 0x0F841C10F800, 0x1F2108421000, 0x118C6318B800, 0x118C63151000, 0x118C6B5DC400, 0x118A88A8C400,
        0x118A88421000, 0x1F0888887C00, 0x000382F8BC00, 0x1087A318F800, 0x0003E1083C00, 0x010BE318BC00, 0x0003A3F83C00, 0x064A38842000,
        0x0003E318BC2E, 0x1087A318C400, 0x040308423800, 0x020184210A4C, 0x1084A98A4800, 0x0C2108423800, 0x0006AB5AD400, 0x0007A318C400,
        0x0003A318B800, 0x0007A318FA10, 0x0003E318BC21, 0x0005B3084000, 0x0003E0E0F800, 0x084710849800, 0x00046318BC00, 0x000463151000,
        0x00046B5AA800, 0x000454454400, 0x00046318BC2E, 0x0007C4447C00, 0x0E8CEB98B800, 0x046108423800, 0x0E884C887C00, 0x0E884C18B800,
        0x0232A5F10800, 0x1F878218B800, 0x06443D18B800, 0x1F0888421000, 0x0E8C5D18B800, 0x0E8C5E113000, 0x00001C000000, 0x000000063000,
        0x000000007C00, 0x010888884000,
    ];

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
            var dots = Letters.IndexOf(text[i], StringComparison.Ordinal) is >= 0 and var letter ? Dots[letter] : 0;
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
