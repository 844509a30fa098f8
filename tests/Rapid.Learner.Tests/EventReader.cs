using System.Buffers.Binary;
using Google.Protobuf;
using Tensorboard;

namespace Rapid.Learner.Tests;

/// <summary>Reads event files as TensorBoard does: up to the first record that is not whole.</summary>
internal static class EventReader
{
    private const int Header = 12, Footer = 4;

    /// <summary>All events of a folder's files, in the order of names; checksums must be right.</summary>
    public static List<Event> Read(string folder) =>
        [.. Directory.GetFiles(folder, "*tfevents*").Order(StringComparer.Ordinal).SelectMany(file => ReadFile(File.ReadAllBytes(file)))];

    private static List<Event> ReadFile(byte[] bytes)
    {
        List<Event> events = [];
        for (var rest = bytes.AsSpan(); rest.Length >= Header;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest);
            if (rest.Length < Header + length + Footer)
            {
                break;
            }

            Assert.Equal(Masked(rest[..8]), BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]));
            var data = rest.Slice(Header, length);
            Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(rest[(Header + length)..]));

            // The library's messages are of a generation that reads from streams alone.
            using var stream = new CodedInputStream(data.ToArray());
            events.Add(Event.Parser.ParseFrom(stream));
            rest = rest[(Header + length + Footer)..];
        }

        return events;
    }

    /// <summary>CRC-32C bit by bit, the polynomial 0x1EDC6F41 reflected, masked as TensorFlow does.</summary>
    private static uint Masked(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }
}
