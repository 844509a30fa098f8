using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Rapid.Protocol.Files;
using Rapid.Protocol.V1;
using Rapid.Replay.Storage;
using Rapid.Replay.Tables;

namespace Rapid.Replay.Checkpoints;

/// <summary>
/// Checkpoints of memory tables: a directory each, with <c>table.json</c> and the files of blocks that it names. A new checkpoint of the
/// same name becomes valid by the rename of its <c>table.json</c>, after everything else is on the disk; then what the old one had is
/// removed.
/// </summary>
internal sealed class CheckpointDirectory(string? root) : IDisposable
{
    private const string Variable = "RAPID_REPLAY_CHECKPOINTS", StateFile = "table.json";

    // Blocks are copied one by one, so that appends and draws wait for one at the most, and with pauses, so that the gate is mostly free
    // and they need not queue for it; a file at a time, so that saving takes little memory. Files are written at the same pace: 32 MiB at
    // once made the slowest appends wait four times as long.
    private const int FileBytes = 32 << 20;
    private static readonly WritePace Pace = new(128 << 10, TimeSpan.FromMilliseconds(1));

    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>RAPID_REPLAY_CHECKPOINTS, or none.</summary>
    public static CheckpointDirectory Read(IConfiguration configuration) =>
        new(configuration[Variable] is { Length: > 0 } path ? Path.GetFullPath(path) : null);

    /// <summary>Writes what a table holds.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: no directory, or no memory table. INVALID_ARGUMENT: a bad name.</exception>
    public async Task<SaveTableReply> SaveAsync(RingTable table, string name, CancellationToken cancellation)
    {
        var directory = DirectoryOf(name);
        if (table.Definition.Store != StoreKind.Memory)
        {
            throw new RpcException(new Status(
                StatusCode.FailedPrecondition,
                $"table '{table.Definition.Name}' is in Redis, which keeps it; only MEMORY tables have checkpoints"));
        }

        await _gate.WaitAsync(cancellation);
        try
        {
            Directory.CreateDirectory(directory);
            var stamp = Guid.NewGuid().ToString("N")[..8];
            var (state, ids) = table.Export();
            var reply = new SaveTableReply();
            List<string> files = [];
            List<SavedBlock> blocks = [];
            using var arena = new BlockArena(FileBytes);
            var pause = Pace.Bytes;
            foreach (var id in ids)
            {
                SavedBlock? block;
                while (blocks.Count == BlockFile.MostBlocks || !table.TryExport(id, arena, out block))
                {
                    await WriteAsync();
                    pause = Pace.Bytes;
                }

                if (block is not null)
                {
                    blocks.Add(block);
                }

                if (arena.Used >= pause)
                {
                    pause = arena.Used + Pace.Bytes;
                    await Task.Delay(Pace.Pause, cancellation);
                }
            }

            if (blocks.Count > 0)
            {
                await WriteAsync();
            }

            await CommitAsync(directory, state with { Files = files }, cancellation);
            return reply;

            async Task WriteAsync()
            {
                files.Add($"{stamp}-{files.Count:D5}.safetensors");
                reply.Bytes += (ulong)await CheckpointFile.WriteAsync(Path.Combine(directory, files[^1]), blocks, Pace, cancellation);
                reply.Blocks += (ulong)blocks.Count;
                blocks.Clear();
                arena.Clear();
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"checkpoint '{name}' could not be written: {error.Message}"));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Reads what a table was.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: no directory. INVALID_ARGUMENT: a bad name. NOT_FOUND. DATA_LOSS: it is
    /// damaged.</exception>
    public async Task<(TableState State, TableDefinition Definition)> OpenAsync(string name, CancellationToken cancellation)
    {
        var path = Path.Combine(DirectoryOf(name), StateFile);
        if (!File.Exists(path))
        {
            throw new RpcException(new Status(StatusCode.NotFound, $"checkpoint '{name}' does not exist"));
        }

        try
        {
            await using var file = File.OpenRead(path);
            var state = (await JsonSerializer.DeserializeAsync(file, CheckpointJson.Default.TableState, cancellation))!;
            return state.Format == TableState.CurrentFormat
                ? (state, JsonParser.Default.Parse<TableDefinition>(state.Definition))
                : throw new RpcException(
                    new Status(StatusCode.DataLoss, $"checkpoint '{name}' has format '{state.Format}'; known: {TableState.CurrentFormat}"));
        }
        catch (Exception error) when (error is JsonException or InvalidProtocolBufferException)
        {
            throw Damaged(name, error.Message);
        }
    }

    /// <summary>Reads the blocks of a checkpoint, file by file, oldest first.</summary>
    /// <exception cref="RpcException">DATA_LOSS: it is damaged.</exception>
    public async IAsyncEnumerable<SavedBlock> ReadAsync(
        string name, TableState state, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var file in state.Files)
        {
            IReadOnlyList<SavedBlock> blocks;
            try
            {
                blocks = await CheckpointFile.ReadAsync(Path.Combine(DirectoryOf(name), Path.GetFileName(file)), cancellation);
            }
            catch (Exception error) when (error is InvalidDataException or IOException)
            {
                throw Damaged(name, error.Message);
            }

            foreach (var block in blocks)
            {
                yield return block;
            }
        }
    }

    public static RpcException Damaged(string name, string problem) =>
        new(new Status(StatusCode.DataLoss, $"checkpoint '{name}' is damaged: {problem}"));

    public void Dispose() => _gate.Dispose();

    private static async Task CommitAsync(string directory, TableState state, CancellationToken cancellation)
    {
        var (target, temporary) = (Path.Combine(directory, StateFile), Path.Combine(directory, $"{StateFile}.new"));
        await using (var file = File.Create(temporary))
        {
            await JsonSerializer.SerializeAsync(file, state, CheckpointJson.Default.TableState, cancellation);
            await file.FlushAsync(cancellation);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, target, overwrite: true);
        foreach (var path in Directory.EnumerateFiles(directory, "*.safetensors")
            .Where(path => !state.Files.Contains(Path.GetFileName(path))))
        {
            File.Delete(path);
        }
    }

    private string DirectoryOf(string name)
    {
        if (root is null)
        {
            throw new RpcException(
                new Status(StatusCode.FailedPrecondition, $"this replay service has no directory for checkpoints; set {Variable}"));
        }

        return name.Length is > 0 and <= 128 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? Path.Combine(root, name)
            : throw new RpcException(new Status(
                StatusCode.InvalidArgument,
                $"checkpoint: '{name}' is not allowed; allowed: 1 to 128 letters, digits, '-', '_' and '.', not a '.' at the start"));
    }
}
