using System.Buffers.Binary;
using System.IO.Compression;

namespace Rapid.Environments.Tests.Rendering;

/// <summary>Reads PNG files as a program that shows them does.</summary>
internal static class PngReader
{
    /// <summary>The chunks of a file, whose checksums are right.</summary>
    public static List<(string Type, byte[] Data)> Chunks(ReadOnlySpan<byte> file)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], file[..8].ToArray());
        List<(string, byte[])> chunks = [];
        for (file = file[8..]; file.Length > 0;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file);
            Assert.Equal(Checksum(file.Slice(4, 4 + length)), BinaryPrimitives.ReadUInt32BigEndian(file[(8 + length)..]));
            chunks.Add((System.Text.Encoding.ASCII.GetString(file.Slice(4, 4)), file.Slice(8, length).ToArray()));
            file = file[(12 + length)..];
        }

        return chunks;
    }

    /// <summary>[height * width * 3] of true-colour data, without its filters (section 9 of the standard).</summary>
    public static byte[] Rows(ReadOnlySpan<byte> data, int width, int height)
    {
        using var zlib = new ZLibStream(new MemoryStream(data.ToArray()), CompressionMode.Decompress);
        using var rows = new MemoryStream();
        zlib.CopyTo(rows);
        var (raw, row) = (rows.ToArray(), width * 3);
        Assert.Equal(height * (row + 1), raw.Length);
        var rgb = new byte[height * row];
        for (var i = 0; i < rgb.Length; i++)
        {
            var (y, x) = (i / row, i % row);
            int left = x < 3 ? 0 : rgb[i - 3], above = y == 0 ? 0 : rgb[i - row], corner = x < 3 || y == 0 ? 0 : rgb[i - row - 3];
            rgb[i] = (byte)(raw[(y * (row + 1)) + 1 + x] + raw[y * (row + 1)] switch
            {
                0 => 0,
                1 => left,
                2 => above,
                3 => (left + above) / 2,
                4 => ((int[])[left, above, corner]).MinBy(value => Math.Abs(left + above - corner - value)),
                var other => throw new InvalidDataException($"there is no filter {other}"),
            });
        }

        return rgb;
    }

    /// <summary>CRC-32 as long division, most significant bit first: another way than the encoder's.</summary>
    private static uint Checksum(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var carry = (crc >> 31) ^ (uint)((value >> bit) & 1);
                crc = (crc << 1) ^ (carry * 0x04C11DB7);
            }
        }

        uint reversed = 0;
        for (var bit = 0; bit < 32; bit++)
        {
            reversed |= ((~crc >> bit) & 1) << (31 - bit);
        }

        return reversed;
    }
}
