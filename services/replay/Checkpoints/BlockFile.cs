using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Checkpoints;

/// <summary>
/// Blocks of one table in a safetensors file: each column of all of them as one tensor [blocks, ...], <c>final_observations</c> one after
/// the other, <c>priority_weights</c> float64 [blocks, items], and the rest as JSON in the entry <c>blocks</c> of the file's metadata.
/// </summary>
internal static class BlockFile
{
    private const string Blocks = "blocks", Weights = "priority_weights";

    /// <summary>Writes blocks of equal columns.</summary>
    /// <returns>Bytes written.</returns>
    public static Task<long> WriteAsync(string path, IReadOnlyList<SavedBlock> blocks, CancellationToken cancellation)
    {
        var tensors = new List<FileTensor>();
        foreach (var column in blocks[0].Block.Columns)
        {
            var parts = blocks.Select(saved => saved.Block.Columns.Single(candidate => candidate.Name == column.Name).Tensor).ToArray();
            long[] shape = column.Name == TrajectoryColumns.FinalObservations
                ? [parts.Sum(part => part.Shape[0]), .. column.Tensor.Shape.Skip(1)]
                : [blocks.Count, .. column.Tensor.Shape];
            tensors.Add(new FileTensor(column.Name, column.Tensor.Type, shape, [.. parts.Select(part => part.Data.Memory)]));
        }

        if (blocks[0].Weights.Length > 0)
        {
            tensors.Add(new FileTensor(
                Weights, DataType.Float64, [blocks.Count, blocks[0].Weights.Length],
                [.. blocks.Select(saved => (ReadOnlyMemory<byte>)MemoryMarshal.AsBytes(saved.Weights).ToArray())]));
        }

        var entries = blocks.Select(saved =>
        {
            var header = saved.Block.Clone();
            header.Columns.Clear();
            var finals = saved.Block.Columns.FirstOrDefault(column => column.Name == TrajectoryColumns.FinalObservations)?.Tensor.Shape[0]
                ?? 0;
            return new BlockEntry(saved.Id, saved.Slot, (int)finals, JsonFormatter.Default.Format(header));
        });
        var metadata = new Dictionary<string, string>
        {
            ["format"] = TableState.CurrentFormat,
            [Blocks] = JsonSerializer.Serialize([.. entries], CheckpointJson.Default.ListBlockEntry),
        };
        return SafeTensorFile.WriteAsync(path, tensors, metadata, cancellation);
    }

    /// <summary>Reads the blocks of a file.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static async Task<IReadOnlyList<SavedBlock>> ReadAsync(string path, CancellationToken cancellation)
    {
        var (tensors, metadata) = await SafeTensorFile.ReadAsync(path, cancellation);
        try
        {
            var entries = JsonSerializer.Deserialize(metadata[Blocks], CheckpointJson.Default.ListBlockEntry)!;
            var saved = new List<SavedBlock>();
            var finals = 0;
            for (var i = 0; i < entries.Count; i++)
            {
                var block = JsonParser.Default.Parse<Trajectory>(entries[i].Header);
                foreach (var tensor in tensors.Values.Where(tensor => tensor.Name != Weights))
                {
                    block.Columns.Add(tensor.Name == TrajectoryColumns.FinalObservations
                        ? Part(tensor, tensor.Shape[0], finals, entries[i].Finals, [entries[i].Finals, .. tensor.Shape.AsSpan(1)])
                        : Part(tensor, entries.Count, i, 1, tensor.Shape.AsSpan(1)));
                }

                finals += entries[i].Finals;
                double[] weights = tensors.TryGetValue(Weights, out var all)
                    ? MemoryMarshal.Cast<byte, double>(Part(all, entries.Count, i, 1, all.Shape.AsSpan(1)).Tensor.Data.Span).ToArray()
                    : [];
                saved.Add(new SavedBlock(entries[i].Id, entries[i].Slot, block, weights));
            }

            return saved;
        }
        catch (Exception error) when (
            error is JsonException or InvalidProtocolBufferException or KeyNotFoundException or ArgumentException or DivideByZeroException)
        {
            throw new InvalidDataException($"'{Path.GetFileName(path)}' does not hold blocks of a table: {error.Message}", error);
        }
    }

    /// <summary>Some rows of a tensor as a column.</summary>
    private static Column Part(FileTensor tensor, long rows, int first, int count, ReadOnlySpan<long> shape)
    {
        var row = rows == 0 ? 0 : (int)(tensor.Pieces[0].Length / rows);
        var column = new Column
        {
            Name = tensor.Name,
            Tensor = new Tensor { Type = tensor.Type, Data = ByteString.CopyFrom(tensor.Pieces[0].Span.Slice(first * row, count * row)) },
        };
        foreach (var size in shape)
        {
            column.Tensor.Shape.Add(size);
        }

        return column;
    }
}
