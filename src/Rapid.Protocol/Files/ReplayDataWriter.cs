using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Protocol.Files;

/// <summary>
/// Writes blocks of one table into a directory. It is data from the moment that its <c>replay.json</c> is there, which is written last,
/// beside and renamed: what was cut short is no data, and is written over by the next try.
/// </summary>
public sealed class ReplayDataWriter
{
    // Many blocks a file, so that Python reads few large arrays; few enough for little memory.
    private const long FileBytes = 32 << 20;

    private static readonly HashSet<string> NoExtras = [];
    private static readonly JsonFormatter Fields = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    private readonly string _directory;
    private readonly List<WrittenFile> _files = [];
    private readonly List<Trajectory> _gathered = [];
    private readonly Dictionary<string, ulong> _newest = [];
    private string? _signature;
    private long _gatheredBytes;

    private ReplayDataWriter(string directory) => _directory = directory;

    /// <summary>Blocks added so far.</summary>
    public long Blocks { get; private set; }

    /// <summary>Environment steps added so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Bytes of the files that are written so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Files written so far, with those that were dropped: the number in the next one's name.</summary>
    public int Files { get; private set; }

    /// <summary>Begins to write a directory, which is made when it is not there.</summary>
    /// <exception cref="IOException">It holds data already, or cannot be written.</exception>
    public static ReplayDataWriter Create(string directory)
    {
        if (File.Exists(Path.Combine(directory, ReplayData.IndexFile)))
        {
            throw new IOException(
                $"{directory} holds data already ({ReplayData.IndexFile}); name another directory, or remove this one first");
        }

        Directory.CreateDirectory(directory);
        return new ReplayDataWriter(directory);
    }

    /// <summary>Goes on with a directory that an earlier writer did not finish. Files behind the given number are removed.</summary>
    /// <param name="directory">Where that writer wrote.</param>
    /// <param name="files">Its <see cref="Files"/> when the part of its work that counts was done.</param>
    /// <param name="passOver">Hears why a file cannot be used; the others are.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">It holds data already, or cannot be written.</exception>
    public static async Task<ReplayDataWriter> ContinueAsync(
        string directory, int files, Action<InvalidDataException> passOver, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(passOver);
        var writer = Create(directory);
        var kept = Enumerable.Range(0, files).Select(NameOf).ToHashSet();
        foreach (var path in Directory.GetFiles(directory, "blocks-*").Order(StringComparer.Ordinal))
        {
            try
            {
                if (kept.Contains(Path.GetFileName(path)))
                {
                    await writer.TakeUpAsync(path, cancellation);
                }
                else
                {
                    File.Delete(path);
                }
            }
            catch (InvalidDataException error)
            {
                passOver(error);
            }
        }

        writer.Files = files;
        return writer;
    }

    /// <summary>Whether a block, or a later one of its producer, was added. Those of one producer come in the order of their
    /// sequences.</summary>
    public bool Holds(Trajectory block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return _newest.TryGetValue(block.Producer, out var newest) && block.Sequence <= newest;
    }

    /// <summary>Adds a block behind the others.</summary>
    /// <exception cref="InvalidDataException">Its columns are not those of the blocks before it.</exception>
    public async Task AddAsync(Trajectory block, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(block);
        var signature = $"{block.Steps} steps of {block.Environments} environments; {BlockValidator.SignatureOf(block)}";
        _signature ??= signature;
        if (signature != _signature)
        {
            throw new InvalidDataException($"a block of {block.Producer} has {signature} where those before it have {_signature}");
        }

        _gathered.Add(block);
        Count(1, (long)block.Steps * block.Environments);
        _newest[block.Producer] = block.Sequence;
        _gatheredBytes += block.CalculateSize();
        if (_gatheredBytes >= FileBytes || _gathered.Count == BlockFile.MostBlocks)
        {
            await FlushAsync(cancellation);
        }
    }

    /// <summary>Makes the directory data.</summary>
    /// <param name="definition">Of the table.</param>
    /// <param name="environment">Where the blocks come from; null when that is not known.</param>
    /// <param name="cancellation">Gives up; the directory is no data then.</param>
    public async Task CommitAsync(TableDefinition definition, EnvironmentEntry? environment, CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        var index = new ReplayIndex
        {
            Format = ReplayIndex.CurrentFormat,
            Rapid = typeof(ReplayDataWriter).Assembly.GetName().Version?.ToString(3),
            Definition = JsonNode.Parse(Fields.Format(definition))!.AsObject(),
            Environment = environment,
            Blocks = Blocks,
            Steps = Steps,
            Files = [.. _files.Select(file => file.Name)],
        };
        var (target, temporary) = (Path.Combine(_directory, ReplayData.IndexFile), Path.Combine(_directory, $"{ReplayData.IndexFile}.new"));
        await using (var file = File.Create(temporary))
        {
            await JsonSerializer.SerializeAsync(file, index, ReplayIndexJson.Default.ReplayIndex, cancellation);
            await file.FlushAsync(cancellation);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, target);
    }

    /// <summary>Writes what was added to the disk.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        if (_gathered.Count == 0)
        {
            return;
        }

        var name = NameOf(Files);
        Bytes += await BlockFile.WriteAsync(Path.Combine(_directory, name), _gathered, [], WritePace.Unlimited, cancellation);
        DurableFile.FlushDirectory(_directory);
        _files.Add(new WrittenFile(name, _gathered.Count, _gathered.Sum(block => (long)block.Steps * block.Environments)));
        Files++;
        _gathered.Clear();
        _gatheredBytes = 0;
    }

    /// <summary>Drops the oldest files as long as the others hold so many steps.</summary>
    public void DropOldest(long steps)
    {
        while (_files.Count > 0 && Steps - _files[0].Steps >= steps)
        {
            File.Delete(Path.Combine(_directory, _files[0].Name));
            Count(-_files[0].Blocks, -_files[0].Steps);
            _files.RemoveAt(0);
        }
    }

    /// <summary>Drops the oldest blocks until there are no more than so many steps.</summary>
    public async Task LimitAsync(long steps, CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        DropOldest(steps);
        if (Steps <= steps)
        {
            return;
        }

        var oldest = _files[0];
        var (path, blockSteps) = (Path.Combine(_directory, oldest.Name), oldest.Steps / oldest.Blocks);
        var dropped = (Steps - steps + blockSteps - 1) / blockSteps;
        var rest = new List<Trajectory>();
        using (var reader = await BlockFileReader.OpenAsync(path, NoExtras, cancellation))
        {
            for (var i = (int)dropped; i < reader.Count; i++)
            {
                rest.Add(await reader.ReadAsync(i, cancellation));
            }
        }

        Count(-dropped, -dropped * blockSteps);
        if (rest.Count == 0)
        {
            File.Delete(path);
            _files.RemoveAt(0);
            return;
        }

        await BlockFile.WriteAsync(path + ".new", rest, [], WritePace.Unlimited, cancellation);
        File.Move(path + ".new", path, overwrite: true);
        _files[0] = new WrittenFile(oldest.Name, rest.Count, rest.Count * blockSteps);
    }

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"blocks-{number:D5}.safetensors");

    private async Task TakeUpAsync(string path, CancellationToken cancellation)
    {
        using var reader = await BlockFileReader.OpenAsync(path, NoExtras, cancellation);
        var steps = (long)reader.Count * reader.Steps * reader.Environments;
        foreach (var entry in reader.Entries)
        {
            _newest[entry.Producer] = entry.Sequence;
        }

        _files.Add(new WrittenFile(Path.GetFileName(path), reader.Count, steps));
        Count(reader.Count, steps);
    }

    private void Count(long blocks, long steps) => (Blocks, Steps) = (Blocks + blocks, Steps + steps);

    private sealed record WrittenFile(string Name, long Blocks, long Steps);
}
