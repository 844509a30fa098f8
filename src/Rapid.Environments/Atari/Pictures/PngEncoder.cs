using System.Buffers.Binary;
using System.IO.Compression;

namespace Rapid.Environments.Atari.Pictures;

/// <summary>Pictures of palette indices as PNG (W3C, Portable Network Graphics, third edition).</summary>
public static class PngEncoder
{
    private const byte BitDepth = 8, IndexedColor = 3, NoFilter = 0;

    private static readonly uint[] Remainders = [.. Enumerable.Range(0, 256).Select(RemainderOf)];

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>A whole file.</summary>
    /// <param name="pixels">[height * width], indices of <paramref name="palette"/>.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="palette">At most 256 colours, 0xRRGGBB.</param>
    public static byte[] Encode(ReadOnlySpan<byte> pixels, int width, ReadOnlySpan<uint> palette)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(pixels.Length % width, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(palette.Length, 256);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], pixels.Length / width);
        (header[8], header[9]) = (BitDepth, IndexedColor);
        Span<byte> colors = stackalloc byte[palette.Length * 3];
        for (var i = 0; i < palette.Length; i++)
        {
            (colors[i * 3], colors[(i * 3) + 1], colors[(i * 3) + 2]) =
                ((byte)(palette[i] >> 16), (byte)(palette[i] >> 8), (byte)palette[i]);
        }

        using var file = new MemoryStream();
        file.Write(Signature);
        WriteChunk(file, "IHDR"u8, header);
        WriteChunk(file, "PLTE"u8, colors);
        WriteChunk(file, "IDAT"u8, Compress(pixels, width));
        WriteChunk(file, "IEND"u8, []);
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

    /// <summary>Length, type, data, and the checksum of type and data.</summary>
    private static void WriteChunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Checksum(data, Checksum(type, uint.MaxValue)));
        file.Write(number);
    }

    /// <summary>CRC-32 with the reversed polynomial 0xEDB88320 (annex D of the standard), before its final inversion.</summary>
    private static uint Checksum(ReadOnlySpan<byte> data, uint crc)
    {
        foreach (var value in data)
        {
            crc = Remainders[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint RemainderOf(int value)
    {
        var remainder = (uint)value;
        for (var bit = 0; bit < 8; bit++)
        {
            remainder = (remainder & 1) == 0 ? remainder >> 1 : (remainder >> 1) ^ 0xEDB88320;
        }

        return remainder;
    }
}
