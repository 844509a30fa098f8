using SkiaSharp;

namespace Rapid.Environments.Rendering;

/// <summary>Pictures of three bytes a pixel as bitmaps, which have four.</summary>
public static class Bitmaps
{
    private const int Channels = 3, BytesPerPixel = 4;

    /// <summary>Makes a bitmap, to be disposed.</summary>
    /// <param name="rgb">[height * width * 3], top row first.</param>
    /// <param name="width">Pixels in a row.</param>
    public static SKBitmap Of(ReadOnlySpan<byte> rgb, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rgb.Length % (width * Channels), 0);
        var bitmap = new SKBitmap(width, rgb.Length / width / Channels, SKColorType.Rgba8888, SKAlphaType.Opaque);
        var pixels = bitmap.GetPixelSpan();
        for (int i = 0, o = 0; i < rgb.Length; i += Channels, o += BytesPerPixel)
        {
            (pixels[o], pixels[o + 1], pixels[o + 2], pixels[o + 3]) = (rgb[i], rgb[i + 1], rgb[i + 2], byte.MaxValue);
        }

        return bitmap;
    }

    /// <summary>Copies the colours of a bitmap.</summary>
    /// <param name="bitmap">Of red, green, blue and alpha.</param>
    /// <param name="rgb">[height * width * 3], overwritten, top row first.</param>
    internal static void CopyTo(SKBitmap bitmap, Span<byte> rgb)
    {
        ReadOnlySpan<byte> pixels = bitmap.GetPixelSpan();
        for (int i = 0, o = 0; i < rgb.Length; i += Channels, o += BytesPerPixel)
        {
            (rgb[i], rgb[i + 1], rgb[i + 2]) = (pixels[o], pixels[o + 1], pixels[o + 2]);
        }
    }
}
