using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Rapid.Protocol.V1;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Sampling;

/// <summary>
/// Transitions of one or several steps. n-step rewards are R = sum of gamma^i * r_(t+i) for i below k, where k is n or what the episode and
/// the block leave of it, to be continued by gamma^k * V(next observation) (Sutton 1988).
/// </summary>
internal sealed unsafe class TransitionGather : Gather
{
    // How many rows ahead memory is asked for: the rows of a large table are in no cache.
    private const int Ahead = 12;

    private readonly BlockLayout _layout;
    private readonly List<BatchColumn> _columns = [];
    private readonly List<(StoredColumn Stored, BatchColumn Batch)> _first = [], _last = [];
    private readonly BatchColumn _observations, _next;
    private readonly BatchColumn? _rewards, _discounts;
    private readonly long[] _firstRows, _lastRows;
    private readonly int _steps;
    private readonly double _gamma;

    public TransitionGather(BlockLayout layout, int count, int steps, double gamma)
    {
        (_layout, _steps, _gamma) = (layout, steps, gamma);
        (_firstRows, _lastRows) = (new long[count], new long[count]);
        foreach (var stored in layout.Columns)
        {
            if (stored.Span != ColumnSpan.Step)
            {
                continue;
            }

            var batch = Add(new BatchColumn(stored.Name, stored.Type, [count, .. stored.RowShape]));
            if (steps > 1 && stored == layout.Rewards)
            {
                _rewards = batch;
            }
            else
            {
                (steps > 1 && (stored == layout.Terminated || stored == layout.Truncated) ? _last : _first).Add((stored, batch));
            }
        }

        var observations = layout.Observations!;
        _observations = Add(new BatchColumn(observations.Name, observations.Type, [count, .. observations.RowShape]));
        _next = Add(new BatchColumn(BatchColumns.NextObservations, observations.Type, [count, .. observations.RowShape]));
        if (steps > 1)
        {
            _discounts = Add(new BatchColumn(BatchColumns.Discounts, DataType.Float32, count));
        }
    }

    public override IReadOnlyList<BatchColumn> Columns => _columns;

    public override void Copy(ColumnRing ring, ReadOnlySpan<PlacedPick> picks)
    {
        var first = _firstRows.AsSpan(0, picks.Length);
        var last = _lastRows.AsSpan(0, picks.Length);
        for (var i = 0; i < picks.Length; i++)
        {
            first[i] = last[i] = (long)picks[i].Place * _layout.Rows + picks[i].Index;
        }

        if (_steps > 1)
        {
            Accumulate(ring, picks, last);
        }

        foreach (var (stored, batch) in _first)
        {
            CopyRows(ring.Rows(stored), stored.RowBytes, first, picks, batch.Bytes);
        }

        foreach (var (stored, batch) in _last)
        {
            CopyRows(ring.Rows(stored), stored.RowBytes, last, picks, batch.Bytes);
        }

        CopyObservations(ring, picks, first, last);
    }

    /// <summary>Sums rewards over the steps of each transition and finds its last one.</summary>
    private void Accumulate(ColumnRing ring, ReadOnlySpan<PlacedPick> picks, Span<long> last)
    {
        var rewards = (float*)ring.Rows(_layout.Rewards!);
        var terminated = ring.Rows(_layout.Terminated!);
        var truncated = ring.Rows(_layout.Truncated!);
        var sums = MemoryMarshal.Cast<byte, float>(_rewards!.Bytes);
        var discounts = MemoryMarshal.Cast<byte, float>(_discounts!.Bytes);
        for (var i = 0; i < picks.Length; i++)
        {
            var row = last[i];
            var end = ((long)picks[i].Place + 1) * _layout.Rows;
            var (sum, discount) = ((double)rewards[row], _gamma);
            for (var k = 1; k < _steps && (terminated[row] | truncated[row]) == 0 && row + _layout.Environments < end; k++)
            {
                row += _layout.Environments;
                sum += discount * rewards[row];
                discount *= _gamma;
            }

            last[i] = row;
            sums[picks[i].Position] = (float)sum;
            discounts[picks[i].Position] = (float)discount;
        }
    }

    private void CopyObservations(ColumnRing ring, ReadOnlySpan<PlacedPick> picks, Span<long> first, Span<long> last)
    {
        var stored = _layout.Observations!;
        var truncated = ring.Rows(_layout.Truncated!);
        var rows = ring.Rows(stored);
        var size = stored.RowBytes;
        var next = _next.Bytes;

        // A block has one more row of observations for each environment than it has steps.
        for (var i = 0; i < picks.Length; i++)
        {
            first[i] += (long)picks[i].Place * _layout.Environments;
        }

        CopyRows(rows, size, first, picks, _observations.Bytes);
        for (var i = 0; i < picks.Length; i++)
        {
            var (row, place) = (last[i], picks[i].Place);
            var to = next.Slice(picks[i].Position * size, size);
            if (truncated[row] != 0)
            {
                ring.Final(place, ring.RankOf(place, (int)(row - (long)place * _layout.Rows))).CopyTo(to);
            }
            else
            {
                new ReadOnlySpan<byte>(rows + (row + ((long)place + 1) * _layout.Environments) * size, size).CopyTo(to);
            }
        }
    }

    private static void CopyRows(byte* from, int size, ReadOnlySpan<long> rows, ReadOnlySpan<PlacedPick> picks, Span<byte> target)
    {
        fixed (byte* to = target)
        {
            for (var i = 0; i < rows.Length; i++)
            {
                if (Sse.IsSupported && i + Ahead < rows.Length)
                {
                    Sse.Prefetch0(from + rows[i + Ahead] * size);
                }

                var source = from + rows[i] * size;
                var destination = to + (long)picks[i].Position * size;
                switch (size)
                {
                    case 1: *destination = *source; break;
                    case 4: Unsafe.WriteUnaligned(destination, Unsafe.ReadUnaligned<int>(source)); break;
                    case 8: Unsafe.WriteUnaligned(destination, Unsafe.ReadUnaligned<long>(source)); break;
                    default: Unsafe.CopyBlockUnaligned(destination, source, (uint)size); break;
                }
            }
        }
    }

    private BatchColumn Add(BatchColumn column)
    {
        _columns.Add(column);
        return column;
    }
}
