using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Storage;

/// <summary>
/// The columns of many blocks, each column one stretch of memory that is taken once: block after block, in each block step after step.
/// Neighbouring steps share their observations, since T steps lie with T+1 observations. Final observations are few and kept block by
/// block. Not thread-safe, and nothing here may be used after <see cref="Dispose"/>: its owner's gate sees to both.
/// </summary>
internal sealed unsafe class ColumnRing : IDisposable
{
    private readonly nint[] _columns;
    private readonly ByteString[] _finals;
    private readonly MemoryBudget _memory;
    private readonly long _preallocated;

    private ColumnRing(BlockLayout layout, int slots, MemoryBudget memory, long bytes)
    {
        (Layout, Slots, _memory, _preallocated) = (layout, slots, memory, bytes);
        _finals = new ByteString[slots];
        Array.Fill(_finals, ByteString.Empty);
        _columns = new nint[layout.Columns.Count];
        foreach (var column in layout.Columns)
        {
            _columns[column.Index] = (nint)NativeMemory.Alloc((nuint)Math.Max((long)column.Bytes * slots, 1));
        }
    }

    ~ColumnRing() => Release();

    public BlockLayout Layout { get; }

    /// <summary>How many blocks fit.</summary>
    public int Slots { get; }

    /// <summary>Bytes of the final observations that are held.</summary>
    public long FinalBytes { get; private set; }

    /// <summary>Takes the memory for so many blocks; null when the service may not have that much.</summary>
    public static ColumnRing? TryCreate(BlockLayout layout, int slots, MemoryBudget memory)
    {
        var bytes = layout.BlockBytes * slots;
        return memory.TryTake(bytes) ? new ColumnRing(layout, slots, memory, bytes) : null;
    }

    /// <summary>Copies a block of this layout in. Final observations stay where they are.</summary>
    public void Write(int slot, Trajectory block)
    {
        Clear(slot);
        foreach (var column in Layout.Columns)
        {
            Find(block, column).Span.CopyTo(Bytes(column, slot));
        }

        if (Layout.FinalRowBytes > 0)
        {
            foreach (var column in block.Columns)
            {
                if (column.Name == TrajectoryColumns.FinalObservations)
                {
                    _finals[slot] = column.Tensor.Data;
                    FinalBytes += column.Tensor.Data.Length;
                    _memory.Take(column.Tensor.Data.Length);
                }
            }
        }
    }

    /// <summary>Copies a block of another ring of this layout in.</summary>
    public void Copy(ColumnRing other, int from, int to)
    {
        Clear(to);
        foreach (var column in Layout.Columns)
        {
            other.Bytes(column, from).CopyTo(Bytes(column, to));
        }

        _finals[to] = other._finals[from];
        FinalBytes += _finals[to].Length;
        _memory.Take(_finals[to].Length);
    }

    /// <summary>Forgets a block.</summary>
    public void Clear(int slot)
    {
        FinalBytes -= _finals[slot].Length;
        _memory.Release(_finals[slot].Length);
        _finals[slot] = ByteString.Empty;
    }

    /// <summary>Copies a block's columns out.</summary>
    /// <param name="slot">Which block.</param>
    /// <param name="arena">Where to; null makes memory for them.</param>
    public IEnumerable<Column> Read(int slot, BlockArena? arena)
    {
        foreach (var column in Layout.Columns)
        {
            var bytes = Bytes(column, slot);
            var tensor = new Tensor { Type = column.Type, Data = arena?.Copy(bytes) ?? ByteString.CopyFrom(bytes) };
            tensor.Shape.AddRange(column.Shape);
            yield return new Column { Name = column.Name, Tensor = tensor };
        }

        if (Layout.FinalRowBytes > 0)
        {
            var tensor = new Tensor { Type = Layout.FinalType, Data = _finals[slot] };
            tensor.Shape.Add(_finals[slot].Length / Layout.FinalRowBytes);
            tensor.Shape.AddRange(Layout.FinalShape);
            yield return new Column { Name = TrajectoryColumns.FinalObservations, Tensor = tensor };
        }
    }

    /// <summary>A column of a block.</summary>
    public Span<byte> Bytes(StoredColumn column, int slot) => new((byte*)_columns[column.Index] + (long)slot * column.Bytes, column.Bytes);

    /// <summary>The rows of a column, from its first block's on.</summary>
    public byte* Rows(StoredColumn column) => (byte*)_columns[column.Index];

    /// <summary>A final observation of a block.</summary>
    /// <param name="slot">Which block.</param>
    /// <param name="rank">Which of its truncated steps, in (step, environment) order.</param>
    public ReadOnlySpan<byte> Final(int slot, int rank) => _finals[slot].Span.Slice(rank * Layout.FinalRowBytes, Layout.FinalRowBytes);

    /// <summary>All final observations of a block; they outlive it.</summary>
    public ByteString Finals(int slot) => _finals[slot];

    /// <summary>Which of a block's truncated steps a truncated step is.</summary>
    /// <param name="slot">Which block.</param>
    /// <param name="row">step * N + environment.</param>
    public int RankOf(int slot, int row) => Bytes(Layout.Truncated!, slot)[..row].Count((byte)1);

    public void Dispose()
    {
        Release();
        _memory.Release(_preallocated + FinalBytes);
        FinalBytes = 0;
        GC.SuppressFinalize(this);
    }

    private static ByteString Find(Trajectory block, StoredColumn wanted)
    {
        // Producers of one program write their columns in one order.
        if (wanted.Index < block.Columns.Count && block.Columns[wanted.Index] is { } likely && likely.Name == wanted.Name)
        {
            return likely.Tensor.Data;
        }

        foreach (var column in block.Columns)
        {
            if (column.Name == wanted.Name)
            {
                return column.Tensor.Data;
            }
        }

        throw new InvalidOperationException($"a block without column '{wanted.Name}' was let in");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Release()
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            NativeMemory.Free((void*)_columns[i]);
            _columns[i] = 0;
        }
    }
}
