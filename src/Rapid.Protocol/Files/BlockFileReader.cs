using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;
using Rapid.Protocol.V1;

namespace Rapid.Protocol.Files;

/// <summary>
/// Reads blocks out of a file of <see cref="BlockFile"/>'s layout, whoever wrote it, one at a time and in any order. What is wrong with
/// the file is an <see cref="InvalidDataException"/> that names the file and the column.
/// </summary>
public sealed class BlockFileReader : IDisposable
{
    private const int ChunkBytes = 1 << 20;

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly IReadOnlyList<SafeTensorEntry> _columns;
    private readonly Dictionary<string, SafeTensorEntry> _extras;
    private readonly SafeTensorEntry? _finals;

    // Before block i, rows of the file's final observations.
    private long[] _finalsBefore = [];

    private BlockFileReader(string path, SafeFileHandle file, SafeTensorHeader header, IReadOnlySet<string> extras)
    {
        (_path, _file) = (path, file);
        _columns = [.. header.Tensors.Where(tensor => !extras.Contains(tensor.Name))];
        _extras = header.Tensors.Where(tensor => extras.Contains(tensor.Name)).ToDictionary(tensor => tensor.Name);
        _finals = _columns.FirstOrDefault(column => column.Name == TrajectoryColumns.FinalObservations);
        var first = _columns.FirstOrDefault(column => column != _finals) ?? throw Bad("has no columns");
        Count = CountOf(first);
        foreach (var column in _columns.Where(column => column != _finals))
        {
            if (CountOf(column) != Count)
            {
                throw Bad($"column '{column.Name}' has {CountOf(column)} blocks where '{first.Name}' has {Count}: "
                    + "the first dimension of both counts blocks");
            }

            if (column.Length / Math.Max(1, Count) > int.MaxValue)
            {
                throw Bad($"column '{column.Name}' has {column.Length / Count} bytes a block; allowed: {int.MaxValue}");
            }
        }

        if (_finals is { Shape.Count: 0 })
        {
            throw Bad($"column '{_finals.Name}' has no dimensions; it needs a row for each truncated step");
        }

        (Steps, Environments) = SizeOf(header);
        Signature = string.Join("; ", _columns.OrderBy(column => column.Name, StringComparer.Ordinal).Select(column =>
        {
            var shape = column.Shape.Skip(1).Select(Text);
            return $"{column.Name} {column.Type} [{string.Join(", ", column == _finals ? shape.Prepend("*") : shape)}]";
        }));
        Entries = EntriesOf(header);
    }

    /// <summary>Blocks in the file.</summary>
    public int Count { get; }

    /// <summary>T of every block.</summary>
    public int Steps { get; }

    /// <summary>N of every block.</summary>
    public int Environments { get; }

    /// <summary>Names, types and shapes of the columns of a block: all files of a table must have the same.</summary>
    public string Signature { get; }

    /// <summary>What is said of each block besides its columns.</summary>
    public IReadOnlyList<BlockEntry> Entries { get; private set; }

    /// <summary>Opens a file and reads what is in it besides the columns.</summary>
    /// <param name="path">The file.</param>
    /// <param name="extras">Names of tensors that are no columns.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="InvalidDataException">It does not hold blocks.</exception>
    public static async Task<BlockFileReader> OpenAsync(string path, IReadOnlySet<string> extras, CancellationToken cancellation)
    {
        var file = File.OpenHandle(path, options: FileOptions.Asynchronous | FileOptions.RandomAccess);
        try
        {
            SafeTensorHeader header;
            try
            {
                header = await SafeTensorHeader.ReadAsync(file, cancellation);
            }
            catch (InvalidDataException error)
            {
                throw new InvalidDataException($"{path}: {error.Message}", error);
            }

            var reader = new BlockFileReader(path, file, header, extras);
            await reader.NameBlocksAsync(cancellation);
            await reader.CountFinalsAsync(cancellation);
            return reader;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a block.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="InvalidDataException">No table may hold such a block.</exception>
    public async Task<Trajectory> ReadAsync(int index, CancellationToken cancellation)
    {
        var block = Entries[index].ToBlock(Steps, Environments);
        foreach (var column in _columns)
        {
            var (first, count, rows) = column == _finals
                ? (_finalsBefore[index], _finalsBefore[index + 1] - _finalsBefore[index], column.Shape[0])
                : (index, 1, Count);
            var row = rows == 0 ? 0 : column.Length / rows;
            var tensor = new Tensor { Type = column.Type };
            tensor.Shape.Add(column == _finals ? column.Shape.Skip(1).Prepend(count) : column.Shape.Skip(1));
            var bytes = new byte[checked((int)(row * count))];
            await FillAsync(bytes, column.Offset + row * first, column.Name, cancellation);
            tensor.Data = UnsafeByteOperations.UnsafeWrap(bytes);
            block.Columns.Add(new Column { Name = column.Name, Tensor = tensor });
        }

        return (BlockValidator.Problem(block) ?? FlagProblem(block)) is { } problem ? throw Bad($"block {index}: {problem}") : block;
    }

    /// <summary>Reads a tensor that is no column; null when the file has none of this name.</summary>
    /// <exception cref="InvalidDataException">It is of another type, or has no row for each block.</exception>
    public async Task<byte[]?> ReadExtraAsync(string name, DataType type, CancellationToken cancellation)
    {
        if (!_extras.TryGetValue(name, out var entry))
        {
            return null;
        }

        if (entry.Type != type || CountOf(entry) != Count)
        {
            throw Bad($"tensor '{name}' is {entry.Type} [{string.Join(", ", entry.Shape)}] where {type} [{Count}, ...] is expected");
        }

        var bytes = new byte[checked((int)entry.Length)];
        await FillAsync(bytes, entry.Offset, name, cancellation);
        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private InvalidDataException Bad(string problem) => new($"{_path}: {problem}");

    private int CountOf(SafeTensorEntry column) => column.Shape.Count > 0 && column.Shape[0] <= int.MaxValue
        ? (int)column.Shape[0]
        : throw Bad($"column '{column.Name}' has the shape [{string.Join(", ", column.Shape)}]; its first dimension must count blocks");

    /// <summary>T and N as the metadata says, or as the rewards have them.</summary>
    private (int Steps, int Environments) SizeOf(SafeTensorHeader header)
    {
        var (steps, environments) = (0L, 0L);
        if (header.Metadata.TryGetValue(BlockFile.StepsKey, out var t) && header.Metadata.TryGetValue(BlockFile.EnvironmentsKey, out var n))
        {
            if (!long.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out steps)
                || !long.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out environments))
            {
                throw Bad($"the metadata 'steps' and 'environments' are '{t}' and '{n}'; allowed: whole numbers above 0");
            }
        }
        else
        {
            var rewards = _columns.FirstOrDefault(column => column.Name == TrajectoryColumns.Rewards);
            if (rewards is not { Shape.Count: 3 })
            {
                throw Bad("does not say how long its blocks are: it needs a column 'rewards' [blocks, steps, environments], or "
                    + "the metadata 'steps' and 'environments'");
            }

            (steps, environments) = (rewards.Shape[1], rewards.Shape[2]);
        }

        return steps is > 0 and <= int.MaxValue && environments is > 0 and <= int.MaxValue && (decimal)steps * environments <= int.MaxValue
            ? ((int)steps, (int)environments)
            : throw Bad($"blocks of {steps} steps of {environments} environments are impossible; allowed: 1 to {int.MaxValue} in all");
    }

    private IReadOnlyList<BlockEntry> EntriesOf(SafeTensorHeader header)
    {
        if (!header.Metadata.TryGetValue(BlockFile.BlocksKey, out var json))
        {
            return [];
        }

        try
        {
            var entries = JsonSerializer.Deserialize(json, BlockEntryJson.Default.IReadOnlyListBlockEntry) ?? [];
            return entries.Count == Count
                ? entries
                : throw Bad($"the metadata 'blocks' describes {entries.Count} blocks where the columns have {Count}");
        }
        catch (JsonException error)
        {
            throw Bad($"the metadata 'blocks' cannot be understood: {error.Message}");
        }
    }

    /// <summary>Blocks without names are named after the content of the file, so that they are recognised wherever it lies.</summary>
    private async Task NameBlocksAsync(CancellationToken cancellation)
    {
        if (Entries.Count == Count)
        {
            return;
        }

        await using var stream = File.OpenRead(_path);
        var producer = $"sha256:{Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation))}";
        Entries = [.. Enumerable.Range(1, Count).Select(number => new BlockEntry { Producer = producer, Sequence = (ulong)number })];
    }

    /// <summary>Finds out which final observations are whose.</summary>
    private async Task CountFinalsAsync(CancellationToken cancellation)
    {
        _finalsBefore = new long[Count + 1];
        if (Entries.All(entry => entry.FinalObservations is not null))
        {
            for (var i = 0; i < Count; i++)
            {
                _finalsBefore[i + 1] = _finalsBefore[i] + Entries[i].FinalObservations!.Value;
            }
        }
        else if (_columns.FirstOrDefault(column => column.Name == TrajectoryColumns.Truncated) is { Type: DataType.Uint8 } truncated)
        {
            var row = (int)(truncated.Length / Math.Max(1, Count));
            var rows = Math.Max(1, ChunkBytes / Math.Max(1, row));
            var chunk = new byte[rows * row];
            for (var i = 0; i < Count; i++)
            {
                if (i % rows == 0)
                {
                    var target = chunk.AsMemory(0, Math.Min(rows, Count - i) * row);
                    await FillAsync(target, truncated.Offset + (long)i * row, truncated.Name, cancellation);
                }

                _finalsBefore[i + 1] = _finalsBefore[i] + chunk.AsSpan(i % rows * row, row).Count((byte)1);
            }
        }

        var (needed, held) = (_finalsBefore[Count], _finals?.Shape[0] ?? 0);
        if (needed != held || _finalsBefore.Zip(_finalsBefore.Skip(1)).Any(pair => pair.Second < pair.First))
        {
            throw Bad($"column '{TrajectoryColumns.FinalObservations}' has {held} rows where {needed} steps were truncated: "
                + "it needs a row for each");
        }
    }

    private async Task FillAsync(Memory<byte> target, long offset, string column, CancellationToken cancellation)
    {
        while (target.Length > 0)
        {
            var read = await RandomAccess.ReadAsync(_file, target, offset, cancellation);
            if (read == 0)
            {
                throw Bad($"column '{column}' became shorter while it was read");
            }

            (target, offset) = (target[read..], offset + read);
        }
    }

    /// <summary>What only the numbers themselves say: endings are 0 or 1, and every cut episode has its final observation.</summary>
    private static string? FlagProblem(Trajectory block)
    {
        Column? truncated = null, finals = null;
        foreach (var column in block.Columns)
        {
            truncated = column.Name == TrajectoryColumns.Truncated ? column : truncated;
            finals = column.Name == TrajectoryColumns.FinalObservations ? column : finals;
            if (column.Name is not (TrajectoryColumns.Terminated or TrajectoryColumns.Truncated))
            {
                continue;
            }

            if (column.Tensor.Type != DataType.Uint8)
            {
                return $"column '{column.Name}' is {column.Tensor.Type}; allowed: U8 or BOOL";
            }

            var index = column.Tensor.Data.Span.IndexOfAnyExceptInRange((byte)0, (byte)1);
            if (index >= 0)
            {
                return $"column '{column.Name}' holds {column.Tensor.Data[index]} at element {index} (row-major); allowed: 0 and 1";
            }
        }

        var cut = truncated?.Tensor.Data.Span.Count((byte)1);
        var rows = finals?.Tensor.Shape[0] ?? 0;
        return cut is null || cut == rows ? null
            : $"column '{TrajectoryColumns.FinalObservations}' has {rows} rows where {cut} steps were truncated";
    }
}
