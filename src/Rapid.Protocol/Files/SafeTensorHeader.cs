using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using Rapid.Protocol.V1;

namespace Rapid.Protocol.Files;

/// <summary>A tensor that is to be written; its bytes may lie in several pieces.</summary>
/// <param name="Name">Name, unique in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Row-major shape.</param>
/// <param name="Pieces">The elements, little-endian, one piece after the other.</param>
public sealed record FileTensor(string Name, DataType Type, IReadOnlyList<long> Shape, IReadOnlyList<ReadOnlyMemory<byte>> Pieces)
{
    /// <summary>Bytes of all pieces.</summary>
    public long Length => Pieces.Sum(piece => (long)piece.Length);
}

/// <summary>Where a tensor lies in a file.</summary>
/// <param name="Name">Name.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Row-major shape.</param>
/// <param name="Offset">Of the first byte in the file.</param>
/// <param name="Length">In bytes.</param>
public sealed record SafeTensorEntry(string Name, DataType Type, IReadOnlyList<long> Shape, long Offset, long Length);

/// <summary>
/// The start of a safetensors file (github.com/huggingface/safetensors): eight bytes of header length, then JSON with the type, the shape
/// and the place of every tensor, and free text under <c>__metadata__</c>. The tensors fill the rest of the file without holes.
/// </summary>
public sealed class SafeTensorHeader
{
    private const string MetadataKey = "__metadata__";

    // The limit of the format's own library.
    private const int LongestHeader = 100_000_000;
    private const int Alignment = 8;

    private SafeTensorHeader(IReadOnlyList<SafeTensorEntry> tensors, IReadOnlyDictionary<string, string> metadata) =>
        (Tensors, Metadata) = (tensors, metadata);

    /// <summary>Every tensor, in the order in which they lie in the file.</summary>
    public IReadOnlyList<SafeTensorEntry> Tensors { get; }

    /// <summary>Free text.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The bytes in front of these tensors.</summary>
    public static byte[] Format(IEnumerable<FileTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var header = new JsonObject();
        if (metadata is not null)
        {
            header[MetadataKey] = new JsonObject(metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        }

        long offset = 0;
        foreach (var tensor in tensors)
        {
            var end = offset + tensor.Length;
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
        return start;
    }

    /// <summary>Reads the header of a file in memory.</summary>
    /// <exception cref="InvalidDataException">The file is not whole, or not of this format.</exception>
    public static SafeTensorHeader Read(ReadOnlySpan<byte> file)
    {
        var length = LengthOf(file, file.Length);
        return Parse(file.Slice(sizeof(ulong), length), sizeof(ulong) + length, file.Length);
    }

    /// <summary>Reads the header of an open file, and nothing else of it.</summary>
    /// <exception cref="InvalidDataException">The file is not whole, or not of this format.</exception>
    public static async Task<SafeTensorHeader> ReadAsync(SafeFileHandle file, CancellationToken cancellation)
    {
        var size = RandomAccess.GetLength(file);
        var start = new byte[sizeof(ulong)];
        var read = await RandomAccess.ReadAsync(file, start, 0, cancellation);
        var json = new byte[LengthOf(start.AsSpan(0, read), size)];
        for (var got = 0; got < json.Length; got += read)
        {
            read = await RandomAccess.ReadAsync(file, json.AsMemory(got), sizeof(ulong) + got, cancellation);
            if (read == 0)
            {
                throw new InvalidDataException("the file became shorter while it was read");
            }
        }

        return Parse(json, sizeof(ulong) + json.Length, size);
    }

    /// <summary>What the format calls an element type: "F32".</summary>
    public static string NameOf(DataType type) => type switch
    {
        DataType.Float32 => "F32",
        DataType.Float64 => "F64",
        DataType.Int32 => "I32",
        DataType.Int64 => "I64",
        DataType.Uint8 => "U8",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "is not an element type"),
    };

    /// <summary>The element type of a name; booleans are bytes.</summary>
    /// <exception cref="FormatException">Tables have no such type.</exception>
    public static DataType TypeOf(string? name) => name switch
    {
        "F32" => DataType.Float32,
        "F64" => DataType.Float64,
        "I32" => DataType.Int32,
        "I64" => DataType.Int64,
        "U8" or "BOOL" => DataType.Uint8,
        _ => throw new FormatException($"has the element type '{name}'; allowed: F32, F64, I32, I64, U8, BOOL"),
    };

    private static int LengthOf(ReadOnlySpan<byte> start, long size)
    {
        if (start.Length < sizeof(ulong))
        {
            throw new InvalidDataException($"is no safetensors file: it has {start.Length} bytes and its header begins with 8");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        return length <= LongestHeader && (long)length <= size - sizeof(ulong)
            ? (int)length
            : throw new InvalidDataException(
                $"is no whole safetensors file: its header claims {length} bytes, {size - sizeof(ulong)} follow and at most "
                + $"{LongestHeader} are allowed");
    }

    private static SafeTensorHeader Parse(ReadOnlySpan<byte> json, long dataStart, long size)
    {
        var tensors = new List<SafeTensorEntry>();
        var metadata = new Dictionary<string, string>();
        try
        {
            foreach (var (name, entry) in JsonNode.Parse(json)!.AsObject())
            {
                if (name == MetadataKey)
                {
                    metadata = entry!.AsObject().ToDictionary(pair => pair.Key, pair => (string)pair.Value!);
                }
                else
                {
                    tensors.Add(EntryOf(name, entry!, dataStart));
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or ArgumentException
            or FormatException or OverflowException)
        {
            throw new InvalidDataException($"is no safetensors file: its header cannot be understood: {error.Message}", error);
        }

        // Stable, so that empty tensors stay in the order in which they were named.
        tensors = [.. tensors.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Length)];
        var end = dataStart;
        foreach (var tensor in tensors)
        {
            end = tensor.Offset == end
                ? end + tensor.Length
                : throw new InvalidDataException(
                    $"is no safetensors file: tensor '{tensor.Name}' does not begin where the one before it ends");
        }

        return end == size
            ? new SafeTensorHeader(tensors, metadata)
            : throw new InvalidDataException($"is no whole safetensors file: it has {size} bytes where its tensors end at {end}");
    }

    private static SafeTensorEntry EntryOf(string name, JsonNode entry, long dataStart)
    {
        DataType type;
        try
        {
            type = TypeOf((string?)entry["dtype"]);
        }
        catch (FormatException error)
        {
            throw new InvalidDataException($"column '{name}' {error.Message}", error);
        }

        long[] shape = [.. entry["shape"]!.AsArray().Select(size => (long)size!)];
        var offsets = entry["data_offsets"]!.AsArray();
        var (from, to) = ((long)offsets[0]!, (long)offsets[1]!);
        decimal bytes = TensorCodec.SizeOf(type);
        foreach (var dimension in shape)
        {
            bytes *= dimension;
            if (dimension < 0 || bytes > long.MaxValue)
            {
                throw new InvalidDataException($"column '{name}' has the impossible shape [{string.Join(", ", shape)}]");
            }
        }

        return from >= 0 && to >= from && bytes == to - from && to <= long.MaxValue - dataStart
            ? new SafeTensorEntry(name, type, shape, dataStart + from, to - from)
            : throw new InvalidDataException(
                $"column '{name}' lies from byte {from} to {to} where its shape [{string.Join(", ", shape)}] needs {bytes}");
    }
}
