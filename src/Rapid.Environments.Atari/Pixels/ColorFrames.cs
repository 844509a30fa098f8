namespace Rapid.Environments.Atari.Pixels;

/// <summary>Palette indices as colours at full size.</summary>
public static class ColorFrames
{
    /// <summary>Writes a frame as interleaved red, green and blue.</summary>
    /// <param name="frame">[n], palette indices.</param>
    /// <param name="palette">[256], 0xRRGGBB.</param>
    /// <param name="rgb">[n, 3], overwritten.</param>
    public static void Convert(ReadOnlySpan<byte> frame, ReadOnlySpan<uint> palette, Span<byte> rgb)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rgb.Length, frame.Length * 3);
        ArgumentOutOfRangeException.ThrowIfLessThan(palette.Length, 256);
        for (int i = 0, o = 0; i < frame.Length; i++, o += 3)
        {
            var color = palette[frame[i]];
            rgb[o] = (byte)(color >> 16);
            rgb[o + 1] = (byte)(color >> 8);
            rgb[o + 2] = (byte)color;
        }
    }

    /// <summary>The larger red, green and blue of two frames.</summary>
    /// <param name="frame">[n], palette indices.</param>
    /// <param name="other">[n], palette indices.</param>
    /// <param name="palette">[256], 0xRRGGBB.</param>
    /// <param name="rgb">[n, 3], overwritten.</param>
    public static void Pool(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> other, ReadOnlySpan<uint> palette, Span<byte> rgb)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(other.Length, frame.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(rgb.Length, frame.Length * 3);
        ArgumentOutOfRangeException.ThrowIfLessThan(palette.Length, 256);
        for (int i = 0, o = 0; i < frame.Length; i++, o += 3)
        {
            uint a = palette[frame[i]], b = palette[other[i]];
            rgb[o] = (byte)Math.Max((a >> 16) & 0xFF, (b >> 16) & 0xFF);
            rgb[o + 1] = (byte)Math.Max((a >> 8) & 0xFF, (b >> 8) & 0xFF);
            rgb[o + 2] = (byte)Math.Max(a & 0xFF, b & 0xFF);
        }
    }
}
