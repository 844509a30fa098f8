using SkiaSharp;

namespace Rapid.Environments.Rendering.Pictures;

/// <summary>How much work goes into a small file.</summary>
public enum PngEffort
{
    /// <summary>For pictures that are looked at once, many a second.</summary>
    Little,

    /// <summary>For pictures that are kept.</summary>
    Much,
}

/// <summary>Pictures as PNG in true colour.</summary>
public static class Png
{
    /// <summary>A whole file.</summary>
    /// <param name="rgb">[height * width * 3], top row first.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="effort">Does not change what is seen.</param>
    public static byte[] Encode(ReadOnlySpan<byte> rgb, int width, PngEffort effort = PngEffort.Much)
    {
        using var bitmap = Bitmaps.Of(rgb, width);
        return Encode(bitmap, effort);
    }

    /// <summary>A whole file.</summary>
    /// <param name="bitmap">Opaque.</param>
    /// <param name="effort">Does not change what is seen.</param>
    public static byte[] Encode(SKBitmap bitmap, PngEffort effort = PngEffort.Much)
    {
        ArgumentNullException.ThrowIfNull(bitmap);
        var options = effort == PngEffort.Little
            ? new SKPngEncoderOptions(SKPngEncoderFilterFlags.Sub, 1)
            : new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, 6);
        using var pixels = bitmap.PeekPixels();
        using var file = pixels.Encode(options)
            ?? throw new InvalidOperationException($"a bitmap of {bitmap.Width} x {bitmap.Height} could not be encoded");
        return file.ToArray();
    }
}
