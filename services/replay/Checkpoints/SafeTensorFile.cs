using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Checkpoints;

/// <summary>A tensor of a file, whose bytes may lie in several pieces.</summary>
internal sealed record FileTensor(string Name, DataType Type, long[] Shape, IReadOnlyList<ReadOnlyMemory<byte>> Pieces);

/// <summary>
/// The safetensors format: eight bytes of header length, a JSON header of names, types, shapes and offsets besides free text, then the
/// bytes.
/// </summary>
internal static class SafeTensorFile
{
    private const string Metadata = "__metadata__";
    private const int Alignment = 8;

    /// <summary>Writes a file, to the disk.</summary>
    /// <returns>Its length in bytes.</returns>
    public static async Task<long> WriteAsync(
        string path, IReadOnlyList<FileTensor> tensors, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation)
    {
        var text = new JsonObject();
        foreach (var (key, value) in metadata)
        {
            text[key] = value;
        }

        var header = new JsonObject { [Metadata] = text };
        long offset = 0;
        foreach (var tensor in tensors)
        {
            var end = offset + tensor.Pieces.Sum(piece => (long)piece.Length);
            header[tensor.Name] = new JsonObject
            {
                ["dtype"] = NameOf(tensor.Type),
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var padded = (json.Length + Alignment - 1) / Alignment * Alignment;
        var start = new byte[sizeof(ulong) + padded];
        start.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteUInt64LittleEndian(start, (ulong)padded);
        json.CopyTo(start, sizeof(ulong));
        await using var file =
            new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20, FileOptions.Asynchronous);
        await file.WriteAsync(start, cancellation);
        foreach (var piece in tensors.SelectMany(tensor => tensor.Pieces))
        {
            await file.WriteAsync(piece, cancellation);
        }

        await file.FlushAsync(cancellation);
        file.Flush(flushToDisk: true);
        return file.Length;
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is not whole, or not of this format.</exception>
    public static async Task<(IReadOnlyDictionary<string, FileTensor> Tensors, IReadOnlyDictionary<string, string> Metadata)> ReadAsync(
        string path, CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> file = await File.ReadAllBytesAsync(path, cancellation);
        try
        {
            var length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.Span));
            var header = JsonNode.Parse(file.Span.Slice(sizeof(ulong), length))!.AsObject();
            var data = file[(sizeof(ulong) + length)..];
            var tensors = new Dictionary<string, FileTensor>();
            var metadata = new Dictionary<string, string>();
            foreach (var (name, entry) in header)
            {
                if (name == Metadata)
                {
                    metadata = entry!.AsObject().ToDictionary(pair => pair.Key, pair => (string)pair.Value!);
                    continue;
                }

                var type = TypeOf((string)entry!["dtype"]!);
                long[] shape = [.. entry["shape"]!.AsArray().Select(size => (long)size!)];
                var (from, to) = ((int)entry["data_offsets"]![0]!, (int)entry["data_offsets"]![1]!);
                if (shape.Aggregate((decimal)TensorCodec.SizeOf(type), (bytes, size) => bytes * size) != to - from)
                {
                    throw new InvalidDataException($"tensor '{name}' does not have the bytes that its shape needs");
                }

                tensors.Add(name, new FileTensor(name, type, shape, [data[from..to]]));
            }

            return (tensors, metadata);
        }
        catch (Exception error) when (
            error is JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentException
                or OverflowException)
        {
            throw new InvalidDataException($"'{Path.GetFileName(path)}' is no whole safetensors file: {error.Message}", error);
        }
    }

    private static string NameOf(DataType type) => type switch
    {
        DataType.Float32 => "F32",
        DataType.Float64 => "F64",
        DataType.Int32 => "I32",
        DataType.Int64 => "I64",
        _ => "U8",
    };

    private static DataType TypeOf(string name) => name switch
    {
        "F32" => DataType.Float32,
        "F64" => DataType.Float64,
        "I32" => DataType.Int32,
        "I64" => DataType.Int64,
        "U8" => DataType.Uint8,
        _ => throw new FormatException($"{name} is not an element type of tables"),
    };
}
