using Google.Protobuf;
using Grpc.Core;
using Rapid.Protocol.V1;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <summary>The blocks of a table that exports are sending, each encoded once for all of them, and counted.</summary>
internal sealed class ExportedBlocks(RingTable table, MemoryBudget memory)
{
    private readonly Dictionary<ulong, Entry> _entries = [];

    /// <summary>Takes a block; to be given back with <see cref="GiveBackAsync"/>, whatever comes of it.</summary>
    public Entry Take(ulong id)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(id, out var entry))
            {
                _entries.Add(id, entry = new Entry(id, EncodeAsync(id)));
            }

            entry.Users++;
            return entry;
        }
    }

    /// <summary>The block is sent, or will not be.</summary>
    public async Task GiveBackAsync(Entry entry)
    {
        lock (_entries)
        {
            if (--entry.Users > 0)
            {
                return;
            }

            _entries.Remove(entry.Id);
        }

        await ((Task)entry.Message).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (entry.Message.IsCompletedSuccessfully && await entry.Message is { } message)
        {
            memory.ReleaseForStreams(message.Length);
        }
    }

    /// <returns>The encoded item; null when the table no longer holds the block.</returns>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED.</exception>
    private async Task<byte[]?> EncodeAsync(ulong id)
    {
        Trajectory? block;
        try
        {
            block = await table.ReadAsync(id, table.Dropped);
        }
        catch (OperationCanceledException)
        {
            block = null;
        }

        if (block is null)
        {
            return null;
        }

        var item = new SampledItem { Id = id, Trajectory = block };
        var bytes = item.CalculateSize();
        return memory.TryTakeForStreams(bytes) ? item.ToByteArray() : throw memory.TooMuchForStreams($"block {id}, {bytes} bytes,");
    }

    /// <summary>A block on its way.</summary>
    internal sealed class Entry(ulong id, Task<byte[]?> message)
    {
        public ulong Id => id;

        public Task<byte[]?> Message => message;

        /// <summary>Under the lock of all: exports that have it.</summary>
        public int Users { get; set; }
    }
}
