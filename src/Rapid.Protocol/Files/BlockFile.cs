using System.Globalization;
using System.Text.Json;
using Rapid.Protocol.V1;

namespace Rapid.Protocol.Files;

/// <summary>
/// Many blocks of one table in a safetensors file: each column of all of them as one tensor [blocks, ...], <c>final_observations</c> one
/// after the other, and what else is known of them as JSON in the entry <c>blocks</c> of the metadata.
/// </summary>
public static class BlockFile
{
    internal const string FormatKey = "format", StepsKey = "steps", EnvironmentsKey = "environments", BlocksKey = "blocks";

    /// <summary>Blocks of a file at the most, so that what is said of them stays far below the length that a header may have.</summary>
    public const int MostBlocks = 16_384;

    /// <summary>The format that is written.</summary>
    public const string Format = "rapid-blocks-1";

    /// <summary>Writes blocks of equal columns to the disk; a file of this name is replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="blocks">At least one.</param>
    /// <param name="extras">Tensors besides the columns, of other names.</param>
    /// <param name="pace">How fast.</param>
    /// <param name="cancellation">Gives up and leaves an unfinished file.</param>
    /// <returns>Bytes written.</returns>
    public static async Task<long> WriteAsync(
        string path, IReadOnlyList<Trajectory> blocks, IReadOnlyList<FileTensor> extras, WritePace pace,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        var tensors = new List<FileTensor>();
        foreach (var column in blocks[0].Columns)
        {
            var parts = blocks.Select(block => block.Columns.Single(candidate => candidate.Name == column.Name).Tensor).ToArray();
            long[] shape = column.Name == TrajectoryColumns.FinalObservations
                ? [parts.Sum(part => part.Shape[0]), .. column.Tensor.Shape.Skip(1)]
                : [blocks.Count, .. column.Tensor.Shape];
            tensors.Add(new FileTensor(column.Name, column.Tensor.Type, shape, [.. parts.Select(part => part.Data.Memory)]));
        }

        tensors.AddRange(extras);
        var metadata = new Dictionary<string, string>
        {
            [FormatKey] = Format,
            [StepsKey] = blocks[0].Steps.ToString(CultureInfo.InvariantCulture),
            [EnvironmentsKey] = blocks[0].Environments.ToString(CultureInfo.InvariantCulture),
            [BlocksKey] = JsonSerializer.Serialize([.. blocks.Select(BlockEntry.Of)], BlockEntryJson.Default.IReadOnlyListBlockEntry),
        };

        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20, FileOptions.Asynchronous);
        await file.WriteAsync(SafeTensorHeader.Format(tensors, metadata), cancellation);
        var room = pace.Bytes;
        foreach (var piece in tensors.SelectMany(tensor => tensor.Pieces))
        {
            for (var rest = piece; rest.Length > 0;)
            {
                var part = rest[..Math.Min(rest.Length, room)];
                await file.WriteAsync(part, cancellation);
                (rest, room) = (rest[part.Length..], room - part.Length);
                if (room == 0)
                {
                    room = pace.Bytes;
                    await file.FlushAsync(cancellation);
                    await Task.Delay(pace.Pause, cancellation);
                }
            }
        }

        await file.FlushAsync(cancellation);
        file.Flush(flushToDisk: true);
        return file.Length;
    }
}
