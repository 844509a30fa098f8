using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Storage;

/// <summary>What the leading dimensions of a column mean.</summary>
internal enum ColumnSpan
{
    /// <summary>[T, N, ...].</summary>
    Step,

    /// <summary>[T+1, N, ...].</summary>
    Boundary,

    /// <summary>[any, N, ...]: what each environment had before the first step.</summary>
    History,

    /// <summary>None of these: the column belongs to the block as a whole.</summary>
    Block,
}

/// <summary>A column that every block of a table has, always of the same shape.</summary>
/// <param name="Index">Where among the stored columns.</param>
/// <param name="Name">Name.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">The whole shape in a block.</param>
/// <param name="Span">What the leading dimensions are.</param>
/// <param name="RowBytes">Bytes of one environment's one step; of the whole column where it has no steps.</param>
/// <param name="Bytes">Bytes in a block.</param>
internal sealed record StoredColumn(int Index, string Name, DataType Type, long[] Shape, ColumnSpan Span, int RowBytes, int Bytes)
{
    /// <summary>The shape of one environment's one step.</summary>
    public ReadOnlySpan<long> RowShape => Span == ColumnSpan.Block ? Shape : Shape.AsSpan(2);
}

/// <summary>
/// How the blocks of a table lie in memory: the same columns and shapes in each, and as many final observations as episodes were cut.
/// </summary>
internal sealed class BlockLayout
{
    // Columns of the block as a whole, whatever their shape looks like.
    private static readonly HashSet<string> BlockColumns = [TrajectoryColumns.ObservationMoments, TrajectoryColumns.ObservationCount];

    private BlockLayout(Trajectory block)
    {
        (Steps, Environments) = ((int)block.Steps, (int)block.Environments);
        var columns = new List<StoredColumn>();
        foreach (var column in block.Columns)
        {
            if (column.Name == TrajectoryColumns.FinalObservations)
            {
                var shape = column.Tensor.Shape;
                FinalShape = [.. shape.Skip(1)];
                FinalType = column.Tensor.Type;
                FinalRowBytes = (int)FinalShape.Aggregate((long)TensorCodec.SizeOf(FinalType), (bytes, size) => bytes * size);
                continue;
            }

            var span = SpanOf(column, block);
            var total = column.Tensor.Data.Length;
            var rows = span == ColumnSpan.Block ? 1 : Math.Max(1, (int)column.Tensor.Shape[0] * Environments);
            columns.Add(new StoredColumn(columns.Count, column.Name, column.Tensor.Type, [.. column.Tensor.Shape], span, total / rows,
                total));
        }

        Columns = columns;
        BlockBytes = columns.Sum(column => (long)column.Bytes);
        Observations = Find(TrajectoryColumns.Observations);
        Rewards = Find(TrajectoryColumns.Rewards);
        Terminated = Find(TrajectoryColumns.Terminated);
        Truncated = Find(TrajectoryColumns.Truncated);
    }

    /// <summary>T.</summary>
    public int Steps { get; }

    /// <summary>N.</summary>
    public int Environments { get; }

    /// <summary>T * N.</summary>
    public int Rows => Steps * Environments;

    /// <summary>All columns but the final observations.</summary>
    public IReadOnlyList<StoredColumn> Columns { get; }

    /// <summary>Bytes of all <see cref="Columns"/> of a block.</summary>
    public long BlockBytes { get; }

    /// <summary>Bytes of one final observation; 0 when the blocks have none.</summary>
    public int FinalRowBytes { get; }

    public DataType FinalType { get; }

    /// <summary>Shape of one final observation.</summary>
    public long[] FinalShape { get; } = [];

    public StoredColumn? Observations { get; }

    public StoredColumn? Rewards { get; }

    public StoredColumn? Terminated { get; }

    public StoredColumn? Truncated { get; }

    /// <summary>The layout of a well-formed block.</summary>
    public static BlockLayout Of(Trajectory block) => new(block);

    /// <summary>What the leading dimensions of a block's column mean.</summary>
    public static ColumnSpan SpanOf(Column column, Trajectory block)
    {
        var shape = column.Tensor.Shape;
        return shape.Count < 2 || shape[1] != block.Environments || column.Name == TrajectoryColumns.FinalObservations
            || BlockColumns.Contains(column.Name)
            ? ColumnSpan.Block
            : column.Name == TrajectoryColumns.FrameHistory ? ColumnSpan.History
            : shape[0] == block.Steps ? ColumnSpan.Step
            : shape[0] == block.Steps + 1L ? ColumnSpan.Boundary
            : ColumnSpan.Block;
    }

    /// <summary>How many transitions of 1 step an item stands for.</summary>
    public int StepsOf(ItemKind items) => items switch { ItemKind.Block => Rows, ItemKind.Sequence => Steps, _ => 1 };

    /// <summary>How many items are cut out of one block.</summary>
    public int ItemsOf(ItemKind items) => Rows / StepsOf(items);

    private StoredColumn? Find(string name) => Columns.FirstOrDefault(column => column.Name == name);
}
