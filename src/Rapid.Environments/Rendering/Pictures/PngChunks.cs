using System.Buffers.Binary;

namespace Rapid.Environments.Rendering.Pictures;

/// <summary>What PNG files are made of (W3C, Portable Network Graphics, third edition).</summary>
internal static class PngChunks
{
    public const byte BitDepth = 8, TrueColor = 2, IndexedColor = 3;

    private static readonly uint[] Remainders = [.. Enumerable.Range(0, 256).Select(RemainderOf)];

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Length, type, data, and the checksum of type and data.</summary>
    public static void Write(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Checksum(data, Checksum(type, uint.MaxValue)));
        file.Write(number);
    }

    /// <summary>The chunk that says how large the picture is and what its pixels are.</summary>
    public static void WriteHeader(Stream file, int width, int height, byte colorType)
    {
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        (header[8], header[9]) = (BitDepth, colorType);
        Write(file, "IHDR"u8, header);
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
