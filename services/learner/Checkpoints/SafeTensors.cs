using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rapid.Learner.Checkpoints;

/// <summary>The safetensors file format: eight bytes of header length, a JSON header of names, types, shapes and offsets, then the bytes.</summary>
public static class SafeTensors
{
    private const int MaximumHeader = 100 << 20;

    /// <summary>Writes tensors in the order of their names.</summary>
    public static void Write(Stream stream, IReadOnlyDictionary<string, TensorData> tensors)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        var header = new JsonObject();
        long offset = 0;
        var ordered = tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToArray();
        foreach (var (name, tensor) in ordered)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = tensor.Type,
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(offset, offset + tensor.Bytes.Length),
            };
            offset += tensor.Bytes.Length;
        }

        var text = Encoding.UTF8.GetBytes(header.ToJsonString());
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)text.Length);
        stream.Write(length);
        stream.Write(text);
        foreach (var (_, tensor) in ordered)
        {
            stream.Write(tensor.Bytes.Span);
        }
    }

    /// <summary>Reads every tensor.</summary>
    /// <exception cref="InvalidDataException">The file is not whole or not of this format.</exception>
    public static IReadOnlyDictionary<string, TensorData> Read(ReadOnlyMemory<byte> file)
    {
        if (file.Length < 8 || BinaryPrimitives.ReadUInt64LittleEndian(file.Span) is var size && (size > MaximumHeader || (long)size > file.Length - 8))
        {
            throw new InvalidDataException("not a safetensors file: its header is cut short");
        }

        var headerLength = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.Span);
        var data = file[(8 + headerLength)..];
        try
        {
            var tensors = new Dictionary<string, TensorData>();
            foreach (var (name, entry) in JsonNode.Parse(file.Span.Slice(8, headerLength))!.AsObject())
            {
                if (name != "__metadata__")
                {
                    tensors[name] = ReadTensor(name, entry!, data);
                }
            }

            return tensors;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"not a safetensors file: {error.Message}", error);
        }
    }

    private static TensorData ReadTensor(string name, JsonNode entry, ReadOnlyMemory<byte> data)
    {
        var type = (string)entry["dtype"]!;
        long[] shape = [.. entry["shape"]!.AsArray().Select(size => (long)size!)];
        var (start, end) = ((long)entry["data_offsets"]![0]!, (long)entry["data_offsets"]![1]!);
        long elementSize = type switch { "F64" or "I64" => 8, "F32" or "I32" => 4, "U8" => 1, _ => 0 };
        decimal bytes = elementSize;
        foreach (var dimension in shape)
        {
            bytes *= dimension;
            if (dimension < 0 || bytes > int.MaxValue)
            {
                throw new InvalidDataException($"tensor '{name}' has an impossible shape");
            }
        }

        return elementSize > 0 && start >= 0 && end <= data.Length && end - start == bytes
            ? new TensorData(type, shape, data.Slice((int)start, (int)(end - start)))
            : throw new InvalidDataException($"tensor '{name}' lies outside the file or does not fit its shape");
    }
}
