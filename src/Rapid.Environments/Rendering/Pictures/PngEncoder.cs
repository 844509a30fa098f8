using System.IO.Compression;

namespace Rapid.Environments.Rendering.Pictures;

/// <summary>Pictures as PNG (W3C, Portable Network Graphics, third edition).</summary>
public static class PngEncoder
{
    private const byte NoFilter = 0;

    /// <summary>A whole file of palette indices.</summary>
    /// <param name="pixels">[height * width], indices of <paramref name="palette"/>.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="palette">At most 256 colours, 0xRRGGBB.</param>
    public static byte[] Encode(ReadOnlySpan<byte> pixels, int width, ReadOnlySpan<uint> palette)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(pixels.Length % width, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(palette.Length, 256);
        Span<byte> colors = stackalloc byte[palette.Length * 3];
        for (var i = 0; i < palette.Length; i++)
        {
            (colors[i * 3], colors[(i * 3) + 1], colors[(i * 3) + 2]) =
                ((byte)(palette[i] >> 16), (byte)(palette[i] >> 8), (byte)palette[i]);
        }

        using var file = new MemoryStream();
        file.Write(PngChunks.Signature);
        PngChunks.WriteHeader(file, width, pixels.Length / width, PngChunks.IndexedColor);
        PngChunks.Write(file, "PLTE"u8, colors);
        PngChunks.Write(file, "IDAT"u8, Compress(pixels, width));
        PngChunks.Write(file, "IEND"u8, []);
        return file.ToArray();
    }

    /// <summary>A whole file in true colour.</summary>
    /// <param name="rgb">[height * width * 3].</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="level">How hard to compress.</param>
    public static byte[] EncodeRgb(ReadOnlySpan<byte> rgb, int width, CompressionLevel level = CompressionLevel.Optimal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rgb.Length % (width * 3), 0);
        using var file = new MemoryStream();
        file.Write(PngChunks.Signature);
        PngChunks.WriteHeader(file, width, rgb.Length / width / 3, PngChunks.TrueColor);
        PngChunks.Write(file, "IDAT"u8, PngPixels.Compress(rgb, width, level));
        PngChunks.Write(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static byte[] Compress(ReadOnlySpan<byte> pixels, int width)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var start = 0; start < pixels.Length; start += width)
            {
                zlib.WriteByte(NoFilter);
                zlib.Write(pixels.Slice(start, width));
            }
        }

        return compressed.ToArray();
    }
}
