using System.Runtime.InteropServices;
using Rapid.Protocol.Files;
using Rapid.Protocol.V1;
using Rapid.Replay.Tables;

namespace Rapid.Replay.Checkpoints;

/// <summary>
/// Blocks of a checkpoint: a file of blocks, with their places in the table besides: <c>block_ids</c> and <c>block_slots</c> int64
/// [blocks], and
/// <c>priority_weights</c> float64 [blocks, items] where items have them.
/// </summary>
internal static class CheckpointFile
{
    private const string Ids = "block_ids", Slots = "block_slots", Weights = "priority_weights";

    private static readonly HashSet<string> Extras = [Ids, Slots, Weights];

    /// <summary>Writes blocks of equal columns.</summary>
    /// <returns>Bytes written.</returns>
    public static Task<long> WriteAsync(
        string path, IReadOnlyList<SavedBlock> blocks, WritePace pace, CancellationToken cancellation)
    {
        List<FileTensor> extras =
        [
            Longs(Ids, blocks.Select(saved => (long)saved.Id)),
            Longs(Slots, blocks.Select(saved => (long)saved.Slot)),
        ];
        if (blocks[0].Weights.Length > 0)
        {
            extras.Add(new FileTensor(
                Weights, DataType.Float64, [blocks.Count, blocks[0].Weights.Length],
                [.. blocks.Select(saved => (ReadOnlyMemory<byte>)MemoryMarshal.AsBytes(saved.Weights).ToArray())]));
        }

        return BlockFile.WriteAsync(path, [.. blocks.Select(saved => saved.Block)], extras, pace, cancellation);

        FileTensor Longs(string name, IEnumerable<long> values) =>
            new(name, DataType.Int64, [blocks.Count], [MemoryMarshal.AsBytes<long>(values.ToArray()).ToArray()]);
    }

    /// <summary>Reads the blocks of a file.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static async Task<IReadOnlyList<SavedBlock>> ReadAsync(string path, CancellationToken cancellation)
    {
        using var file = await BlockFileReader.OpenAsync(path, Extras, cancellation);
        if (await file.ReadExtraAsync(Ids, DataType.Int64, cancellation) is not { } ids
            || await file.ReadExtraAsync(Slots, DataType.Int64, cancellation) is not { } slots)
        {
            throw new InvalidDataException($"{path}: has no '{Ids}' and '{Slots}', which say where its blocks were in the table");
        }

        var weights = await file.ReadExtraAsync(Weights, DataType.Float64, cancellation) ?? [];
        var saved = new List<SavedBlock>(file.Count);
        for (var i = 0; i < file.Count; i++)
        {
            saved.Add(new SavedBlock(
                MemoryMarshal.Cast<byte, ulong>(ids)[i],
                (int)Math.Clamp(MemoryMarshal.Cast<byte, long>(slots)[i], -1, int.MaxValue),
                await file.ReadAsync(i, cancellation),
                MemoryMarshal.Cast<byte, double>(weights.AsSpan(weights.Length / file.Count * i, weights.Length / file.Count)).ToArray()));
        }

        return saved;
    }
}
