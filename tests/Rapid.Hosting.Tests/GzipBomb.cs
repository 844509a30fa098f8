using System.Buffers.Binary;
using System.IO.Compression;

namespace Rapid.Hosting.Tests;

/// <summary>A compressed gRPC message that is a thousand times as large when it is inflated.</summary>
internal static class GzipBomb
{
    /// <summary>A length-prefixed message of the echo service whose text is spaces.</summary>
    public static byte[] Message(int inflatedBytes)
    {
        using var compressed = new MemoryStream();
        compressed.Write(new byte[5]);
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            // The field "text", number 1, with its length.
            gzip.WriteByte(0x0A);
            for (var rest = (uint)inflatedBytes; ; rest >>= 7)
            {
                gzip.WriteByte((byte)(rest > 0x7F ? rest | 0x80 : rest));
                if (rest <= 0x7F)
                {
                    break;
                }
            }

            var spaces = new byte[64 << 10];
            Array.Fill(spaces, (byte)' ');
            for (var left = inflatedBytes; left > 0; left -= spaces.Length)
            {
                gzip.Write(spaces.AsSpan(0, Math.Min(left, spaces.Length)));
            }
        }

        var message = compressed.ToArray();
        message[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), (uint)(message.Length - 5));
        return message;
    }
}
