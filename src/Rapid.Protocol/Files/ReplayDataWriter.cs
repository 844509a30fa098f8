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

    private static readonly JsonFormatter Fields = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    private readonly string _directory;
    private readonly List<string> _files = [];
    private readonly List<Trajectory> _gathered = [];
    private string? _signature;
    private long _gatheredBytes;

    private ReplayDataWriter(string directory) => _directory = directory;

    /// <summary>Blocks added so far.</summary>
    public long Blocks { get; private set; }

    /// <summary>Environment steps added so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Bytes of the files that are written so far.</summary>
    public long Bytes { get; private set; }

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
        Blocks++;
        Steps += (long)block.Steps * block.Environments;
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
            Files = _files,
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

    private async Task FlushAsync(CancellationToken cancellation)
    {
        if (_gathered.Count == 0)
        {
            return;
        }

        _files.Add(string.Create(CultureInfo.InvariantCulture, $"blocks-{_files.Count:D5}.safetensors"));
        Bytes += await BlockFile.WriteAsync(Path.Combine(_directory, _files[^1]), _gathered, [], WritePace.Unlimited, cancellation);
        _gathered.Clear();
        _gatheredBytes = 0;
    }
}
