namespace Rapid.Environments.Rendering.Pictures;

/// <summary>Rows of palette indices.</summary>
public static class PictureFrame
{
    /// <summary>Makes every pixel a square of <paramref name="factor"/> by <paramref name="factor"/>.</summary>
    /// <param name="pixels">[height * width].</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="factor">At least 1.</param>
    /// <param name="enlarged">[height * factor * width * factor], overwritten.</param>
    public static void Enlarge(ReadOnlySpan<byte> pixels, int width, int factor, Span<byte> enlarged)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(enlarged.Length, pixels.Length * factor * factor);
        var wide = width * factor;
        for (var row = 0; row * width < pixels.Length; row++)
        {
            var rows = enlarged.Slice(row * factor * wide, factor * wide);
            for (var x = 0; x < width; x++)
            {
                rows.Slice(x * factor, factor).Fill(pixels[(row * width) + x]);
            }

            for (var copy = 1; copy < factor; copy++)
            {
                rows[..wide].CopyTo(rows[(copy * wide)..]);
            }
        }
    }
}
