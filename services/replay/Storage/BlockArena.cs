using System.Buffers;
using Google.Protobuf;

namespace Rapid.Replay.Storage;

/// <summary>
/// Memory into which the blocks of one file are copied, over and over: new arrays for every block would be moved by every collection until
/// the file is written, while appends and draws stand still. Not thread-safe.
/// </summary>
internal sealed class BlockArena(int bytes) : IDisposable
{
    private byte[] _memory = ArrayPool<byte>.Shared.Rent(bytes);

    /// <summary>Bytes copied since the last <see cref="Clear"/>.</summary>
    public int Used { get; private set; }

    /// <summary>Makes sure of so many bytes in one piece. What was copied before stays where it is.</summary>
    /// <returns>False when there is no room for them beside what is there.</returns>
    public bool TryReserve(long more)
    {
        if (Used + more <= _memory.Length)
        {
            return true;
        }

        if (Used > 0)
        {
            return false;
        }

        ArrayPool<byte>.Shared.Return(_memory);
        _memory = ArrayPool<byte>.Shared.Rent(checked((int)more));
        return true;
    }

    /// <summary>Copies bytes for which there is room.</summary>
    /// <returns>The copy, good until <see cref="Clear"/>.</returns>
    public ByteString Copy(ReadOnlySpan<byte> source)
    {
        var copy = _memory.AsMemory(Used, source.Length);
        source.CopyTo(copy.Span);
        Used += source.Length;
        return UnsafeByteOperations.UnsafeWrap(copy);
    }

    /// <summary>Forgets what was copied.</summary>
    public void Clear() => Used = 0;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_memory);
}
