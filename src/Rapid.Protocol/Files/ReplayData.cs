using System.Runtime.CompilerServices;
using System.Text.Json;
using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Protocol.Files;

/// <summary>
/// A directory of blocks: <c>replay.json</c> and the safetensors files that it names; see docs/replay-files.md. What is wrong with it is an
/// <see cref="InvalidDataException"/> that names the file, and the column where it is one's fault.
/// </summary>
public sealed class ReplayData
{
    /// <summary>Name of the index.</summary>
    public const string IndexFile = "replay.json";

    private const string FileEnding = ".safetensors";
    private const int MostOpenFiles = 8;
    private const long LongestIndex = 64 << 20;

    private static readonly HashSet<string> NoExtras = [];
    private static readonly JsonParser Fields = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(false));

    private readonly string _directory;
    private readonly IReadOnlyList<BlockPlace> _order;

    private ReplayData(
        string directory, ReplayIndex index, TableDefinition? definition, IReadOnlyList<BlockPlace> order, BlockFileReader? first)
    {
        (_directory, Index, Definition, _order) = (directory, index, definition, order);
        (BlockSteps, BlockEnvironments) = (first?.Steps ?? 0, first?.Environments ?? 0);
    }

    /// <summary>What the index says.</summary>
    public ReplayIndex Index { get; }

    /// <summary>The table that the blocks come from; null when the index does not say.</summary>
    public TableDefinition? Definition { get; }

    /// <summary>Blocks of all files; one that is there twice counts once.</summary>
    public long Blocks => _order.Count;

    /// <summary>T of every block.</summary>
    public int BlockSteps { get; }

    /// <summary>N of every block.</summary>
    public int BlockEnvironments { get; }

    /// <summary>Environment steps of all blocks.</summary>
    public long Steps => Blocks * BlockSteps * BlockEnvironments;

    /// <summary>Reads the index and the headers of all files.</summary>
    /// <exception cref="InvalidDataException">It is no such directory, or its files do not fit together.</exception>
    public static async Task<ReplayData> OpenAsync(string directory, CancellationToken cancellation)
    {
        var index = await ReadIndexAsync(directory, cancellation);
        var definition = DefinitionOf(directory, index);
        var places = new List<BlockPlace>();
        BlockFileReader? first = null;
        var (names, producers) = (new HashSet<string>(), new Dictionary<string, string>());
        foreach (var name in index.Files)
        {
            if (!names.Add(name))
            {
                throw new InvalidDataException($"{PathOf(directory, IndexFile)}: files: '{name}' is there twice");
            }

            using var reader = await OpenFileAsync(directory, name, cancellation);
            first ??= reader;
            if ((reader.Signature, reader.Steps, reader.Environments) != (first.Signature, first.Steps, first.Environments))
            {
                throw new InvalidDataException(
                    $"{PathOf(directory, name)}: its blocks are {Describe(reader)} where those of '{index.Files[0]}' are "
                    + $"{Describe(first)}");
            }

            foreach (var (i, entry) in reader.Entries.Index())
            {
                // One string a producer, however many blocks it made.
                producers.TryAdd(entry.Producer, entry.Producer);
                places.Add(new BlockPlace(name, i, producers[entry.Producer], entry.Sequence));
            }
        }

        var steps = (long)(first?.Steps ?? 0) * (first?.Environments ?? 0) * places.Count;
        foreach (var (field, said, held) in new[] { ("blocks", index.Blocks, places.Count), ("steps", index.Steps, steps) })
        {
            if (said is not null && said != held)
            {
                throw new InvalidDataException($"{PathOf(directory, IndexFile)}: {field}: {said} where the files hold {held}");
            }
        }

        return new ReplayData(directory, index, definition, InSequence(places), first);
    }

    /// <summary>Every block, each once, those of one producer in the order of their sequences; so a table takes them all.</summary>
    /// <exception cref="InvalidDataException">No table may hold one of them.</exception>
    public async IAsyncEnumerable<Trajectory> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var open = new Dictionary<string, BlockFileReader>();
        var byAge = new Queue<string>();
        try
        {
            foreach (var place in _order)
            {
                if (!open.TryGetValue(place.File, out var reader))
                {
                    if (open.Count == MostOpenFiles && open.Remove(byAge.Dequeue(), out var oldest))
                    {
                        oldest.Dispose();
                    }

                    reader = await OpenFileAsync(_directory, place.File, cancellation);
                    open.Add(place.File, reader);
                    byAge.Enqueue(place.File);
                }

                if (place.Index >= reader.Count || reader.Entries[place.Index].Producer != place.Producer)
                {
                    throw new InvalidDataException($"{PathOf(_directory, place.File)}: it was changed while it was read");
                }

                yield return await reader.ReadAsync(place.Index, cancellation);
            }
        }
        finally
        {
            foreach (var reader in open.Values)
            {
                reader.Dispose();
            }
        }
    }

    /// <summary>Reads everything once, so that a bad file is found before the first block of a good one is used.</summary>
    /// <param name="problemOf">What else may be wrong with a block; null when nothing is.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="InvalidDataException">Something is wrong.</exception>
    public async Task CheckAsync(Func<Trajectory, string?> problemOf, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(problemOf);
        var number = 0;
        await foreach (var block in ReadAsync(cancellation))
        {
            var place = _order[number++];
            if (problemOf(block) is { } problem)
            {
                throw new InvalidDataException($"{PathOf(_directory, place.File)}: block {place.Index}: {problem}");
            }
        }
    }

    private static string PathOf(string directory, string file) => Path.Combine(directory, file);

    private static string Describe(BlockFileReader reader) =>
        $"{reader.Steps} steps of {reader.Environments} environments with {reader.Signature}";

    private static async Task<ReplayIndex> ReadIndexAsync(string directory, CancellationToken cancellation)
    {
        var path = PathOf(directory, IndexFile);
        if (!File.Exists(path))
        {
            throw new InvalidDataException($"{Path.GetFullPath(directory)} holds no data: there is no {IndexFile} in it");
        }

        if (new FileInfo(path).Length > LongestIndex)
        {
            throw new InvalidDataException($"{path}: has more than {LongestIndex} bytes");
        }

        ReplayIndex? index;
        try
        {
            await using var file = File.OpenRead(path);
            index = await JsonSerializer.DeserializeAsync(file, ReplayIndexJson.Default.ReplayIndex, cancellation);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: cannot be understood: {error.Message}", error);
        }

        if (index?.Format != ReplayIndex.CurrentFormat)
        {
            throw new InvalidDataException($"{path}: format: '{index?.Format}' is not known; known: {ReplayIndex.CurrentFormat}");
        }

        return index.Files is { Count: > 0 } ? index : throw new InvalidDataException($"{path}: files: names no file");
    }

    private static TableDefinition? DefinitionOf(string directory, ReplayIndex index)
    {
        try
        {
            return index.Definition is null ? null : Fields.Parse<TableDefinition>(index.Definition.ToJsonString());
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or InvalidJsonException)
        {
            throw new InvalidDataException($"{PathOf(directory, IndexFile)}: definition: {error.Message}", error);
        }
    }

    private static async Task<BlockFileReader> OpenFileAsync(string directory, string? name, CancellationToken cancellation)
    {
        // Names come from a file that anybody may have written: they must not lead out of the directory.
        if (name is null || name.Length > 255 || name.StartsWith('.') || !name.EndsWith(FileEnding, StringComparison.Ordinal)
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new InvalidDataException(
                $"{PathOf(directory, IndexFile)}: files: '{name}' is not allowed; allowed: the name of a file beside it that ends in "
                + $"{FileEnding}, of letters, digits, '-', '_' and '.', not a '.' at the start");
        }

        var path = PathOf(directory, name);
        return File.Exists(path)
            ? await BlockFileReader.OpenAsync(path, NoExtras, cancellation)
            : throw new InvalidDataException($"{PathOf(directory, IndexFile)}: files: there is no '{name}' in the directory");
    }

    /// <summary>
    /// A table takes a producer's blocks in the order of their sequences alone. Files of a table that several services shared may have them
    /// otherwise, or one of them twice: then the places of each producer's blocks are given to them anew, in order, and each once.
    /// </summary>
    private static List<BlockPlace> InSequence(List<BlockPlace> places)
    {
        var newest = new Dictionary<string, ulong>();
        var mixed = new HashSet<string>();
        foreach (var place in places)
        {
            if (newest.TryGetValue(place.Producer, out var sequence) && place.Sequence <= sequence)
            {
                mixed.Add(place.Producer);
            }

            newest[place.Producer] = place.Sequence;
        }

        var sorted = places.Where(place => mixed.Contains(place.Producer))
            .GroupBy(place => place.Producer)
            .ToDictionary(
                group => group.Key,
                group => new Queue<BlockPlace>(group.DistinctBy(place => place.Sequence).OrderBy(place => place.Sequence)));
        if (mixed.Count == 0)
        {
            return places;
        }

        var ordered = new List<BlockPlace>(places.Count);
        foreach (var place in places)
        {
            if (!sorted.TryGetValue(place.Producer, out var queue))
            {
                ordered.Add(place);
            }
            else if (queue.TryDequeue(out var next))
            {
                ordered.Add(next);
            }
        }

        return ordered;
    }

    private readonly record struct BlockPlace(string File, int Index, string Producer, ulong Sequence);
}
