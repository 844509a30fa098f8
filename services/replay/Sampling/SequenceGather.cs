using Google.Protobuf;
using Rapid.Protocol;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Sampling;

/// <summary>Sequences of one environment, or all environments of a block side by side: the batch is itself shaped as a block.</summary>
internal sealed unsafe class SequenceGather : Gather
{
    private readonly BlockLayout _layout;
    private readonly int _width, _environments;
    private readonly List<BatchColumn> _columns = [];
    private readonly List<(StoredColumn Stored, BatchColumn Batch)> _copied = [];
    private readonly List<(int Step, int Environment, ByteString Finals, int Rank)> _cut = [];
    private readonly BatchColumn? _finals;

    /// <param name="layout">Of the blocks.</param>
    /// <param name="count">Items of a batch.</param>
    /// <param name="width">Environments of an item: 1, or all of the block.</param>
    public SequenceGather(BlockLayout layout, int count, int width)
    {
        (_layout, _width, _environments) = (layout, width, count * width);
        foreach (var stored in layout.Columns)
        {
            if (stored.Span != ColumnSpan.Block)
            {
                var batch = new BatchColumn(stored.Name, stored.Type, [stored.Shape[0], _environments, .. stored.RowShape]);
                _copied.Add((stored, batch));
                _columns.Add(batch);
            }
        }

        if (layout is { FinalRowBytes: > 0, Truncated: not null })
        {
            _finals = new BatchColumn(TrajectoryColumns.FinalObservations, layout.FinalType, [0, .. layout.FinalShape]);
            _columns.Add(_finals);
        }
    }

    public override IReadOnlyList<BatchColumn> Columns => _columns;

    public override void Begin() => _cut.Clear();

    public override void Copy(ColumnRing ring, ReadOnlySpan<PlacedPick> picks)
    {
        foreach (var (stored, batch) in _copied)
        {
            var rows = ring.Rows(stored);
            var width = _width * stored.RowBytes;
            foreach (var pick in picks)
            {
                var from = rows + (long)pick.Place * stored.Bytes + (long)pick.Index * width;
                var to = batch.Bytes[(pick.Position * width)..];
                for (var t = 0; t < (int)stored.Shape[0]; t++)
                {
                    new ReadOnlySpan<byte>(from + (long)t * _layout.Environments * stored.RowBytes, width)
                        .CopyTo(to[(t * _environments * stored.RowBytes)..]);
                }
            }
        }

        if (_finals is not null)
        {
            foreach (var pick in picks)
            {
                FindFinals(ring, pick);
            }
        }
    }

    public override void End()
    {
        if (_finals is null)
        {
            return;
        }

        _cut.Sort(static (a, b) => a.Step != b.Step ? a.Step.CompareTo(b.Step) : a.Environment.CompareTo(b.Environment));
        var size = _layout.FinalRowBytes;
        var to = _finals.Resize(_cut.Count, size);
        foreach (var (_, _, finals, rank) in _cut)
        {
            finals.Span.Slice(rank * size, size).CopyTo(to);
            to = to[size..];
        }

        // The blocks may be evicted before the next batch.
        _cut.Clear();
    }

    private void FindFinals(ColumnRing ring, PlacedPick pick)
    {
        var flags = ring.Bytes(_layout.Truncated!, pick.Place);
        var (row, first) = (0, pick.Index * _width);
        for (var rank = 0; row < flags.Length && flags[row..].IndexOf((byte)1) is >= 0 and var more; rank++)
        {
            row += more;
            var (step, environment) = Math.DivRem(row, _layout.Environments);
            if (environment >= first && environment < first + _width)
            {
                _cut.Add((step, pick.Position * _width + environment - first, ring.Finals(pick.Place), rank));
            }

            row++;
        }
    }
}
