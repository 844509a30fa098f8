using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Rapid.Hosting;

/// <summary>
/// Kestrel's memory for bytes under way, in blocks of the size that HTTP/2 frames have. Kestrel's own has blocks of 4 KiB and fills one
/// with each call of the system: a trajectory of 256 KiB took 64 of them, and most of the service's time.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockBytes = 16 << 10;

    // 16 MiB; what is given back beyond that is left to the collector.
    private const int MostIdle = 1024;

    private readonly ConcurrentQueue<Block> _idle = new();
    private int _idleCount;

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockBytes;

    /// <summary>The one pool of all connections.</summary>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (!_idle.TryDequeue(out var block))
        {
            return new Block(this);
        }

        Interlocked.Decrement(ref _idleCount);
        return block;
    }

    /// <summary>Connections end before the service does, and the pool with the service.</summary>
    protected override void Dispose(bool disposing)
    {
    }

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _idleCount) <= MostIdle)
        {
            _idle.Enqueue(block);
        }
        else
        {
            Interlocked.Decrement(ref _idleCount);
        }
    }

    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(BlockBytes);

        public void Dispose() => pool.Return(this);
    }
}
