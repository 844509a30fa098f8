using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Google.Protobuf;

namespace Rapid.Learner.Metrics;

/// <summary>
/// Writes TensorBoard event files: TFRecord framing (length, masked CRC-32C, data, masked CRC-32C) around Event messages.
/// </summary>
public sealed class EventFile : IDisposable
{
    private const uint CrcMask = 0xA282EAD8;

    private readonly FileStream _file;

    /// <summary>Starts a new file in a directory.</summary>
    public EventFile(string directory, DateTimeOffset now)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, $"events.out.tfevents.{now.ToUnixTimeMilliseconds()}.rapid");
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        WriteRecord(Encode(output =>
        {
            WriteTime(output, now);
            output.WriteTag(3, WireFormat.WireType.LengthDelimited);
            output.WriteString("brain.Event:2");
        }));
    }

    /// <summary>Adds scalars at a step.</summary>
    public void WriteScalars(DateTimeOffset now, long step, IEnumerable<(string Tag, double Value)> scalars) =>
        WriteEvent(now, step, scalars.Select(scalar => Encode(output =>
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteString(scalar.Tag);
            output.WriteTag(2, WireFormat.WireType.Fixed32);
            output.WriteFloat((float)scalar.Value);
        })));

    /// <summary>Adds a text, shown by the text plug-in.</summary>
    public void WriteText(DateTimeOffset now, string tag, string markdown) => WriteEvent(now, 0, [Encode(output =>
    {
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteString(tag);
        output.WriteTag(8, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(Encode(tensor =>
        {
            tensor.WriteTag(1, WireFormat.WireType.Varint);
            tensor.WriteEnum(7); // DT_STRING
            tensor.WriteTag(8, WireFormat.WireType.LengthDelimited);
            tensor.WriteBytes(ByteString.CopyFrom(markdown, Encoding.UTF8));
        }));
        output.WriteTag(9, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(Encode(metadata =>
        {
            metadata.WriteTag(1, WireFormat.WireType.LengthDelimited);
            metadata.WriteBytes(Encode(plugin =>
            {
                plugin.WriteTag(1, WireFormat.WireType.LengthDelimited);
                plugin.WriteString("text");
            }));
        }));
    })]);

    /// <summary>Hands what was written to the operating system.</summary>
    public void Flush() => _file.Flush();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void WriteTime(CodedOutputStream output, DateTimeOffset now)
    {
        output.WriteTag(1, WireFormat.WireType.Fixed64);
        output.WriteDouble(now.ToUnixTimeMilliseconds() / 1000.0);
    }

    private static ByteString Encode(Action<CodedOutputStream> write)
    {
        using var memory = new MemoryStream();
        using (var output = new CodedOutputStream(memory, leaveOpen: true))
        {
            write(output);
        }

        return UnsafeByteOperations.UnsafeWrap(memory.ToArray());
    }

    private static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + CrcMask;
    }

    private void WriteEvent(DateTimeOffset now, long step, IEnumerable<ByteString> values) => WriteRecord(Encode(output =>
    {
        WriteTime(output, now);
        output.WriteTag(2, WireFormat.WireType.Varint);
        output.WriteInt64(step);
        output.WriteTag(5, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(Encode(summary =>
        {
            foreach (var value in values)
            {
                summary.WriteTag(1, WireFormat.WireType.LengthDelimited);
                summary.WriteBytes(value);
            }
        }));
    }));

    private void WriteRecord(ByteString data)
    {
        Span<byte> header = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], MaskedCrc(header[..8]));
        _file.Write(header);
        _file.Write(data.Span);
        Span<byte> footer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, MaskedCrc(data.Span));
        _file.Write(footer);
    }
}
