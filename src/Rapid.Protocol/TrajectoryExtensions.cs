using Rapid.Protocol.V1;

namespace Rapid.Protocol;

/// <summary>Typed access to the columns of a block, in place.</summary>
public static class TrajectoryExtensions
{
    /// <summary>A float32 column of exactly this shape.</summary>
    /// <exception cref="InvalidDataException">Missing, or of another type or shape.</exception>
    public static ReadOnlySpan<float> Floats(this Trajectory block, string column, params ReadOnlySpan<int> shape) =>
        TensorCodec.Read<float>(Find(block, column), column, shape);

    /// <summary>A float64 column of exactly this shape.</summary>
    /// <exception cref="InvalidDataException">Missing, or of another type or shape.</exception>
    public static ReadOnlySpan<double> Doubles(this Trajectory block, string column, params ReadOnlySpan<int> shape) =>
        TensorCodec.Read<double>(Find(block, column), column, shape);

    /// <summary>An int64 column of exactly this shape.</summary>
    /// <exception cref="InvalidDataException">Missing, or of another type or shape.</exception>
    public static ReadOnlySpan<long> Longs(this Trajectory block, string column, params ReadOnlySpan<int> shape) =>
        TensorCodec.Read<long>(Find(block, column), column, shape);

    /// <summary>A uint8 column of exactly this shape.</summary>
    /// <exception cref="InvalidDataException">Missing, or of another type or shape.</exception>
    public static ReadOnlySpan<byte> Bytes(this Trajectory block, string column, params ReadOnlySpan<int> shape) =>
        TensorCodec.Read<byte>(Find(block, column), column, shape);

    /// <summary>Adds a column with a copy of these elements.</summary>
    public static void Add<T>(this Trajectory block, string column, ReadOnlySpan<T> values, params ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(block);
        block.Columns.Add(new Column { Name = column, Tensor = TensorCodec.ToTensor(values, shape) });
    }

    /// <summary>A block with the same address and size, without columns and episodes.</summary>
    public static Trajectory WithoutContent(this Trajectory block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return new Trajectory
        {
            Experiment = block.Experiment,
            Producer = block.Producer,
            Sequence = block.Sequence,
            Slot = block.Slot,
            Steps = block.Steps,
            Environments = block.Environments,
            PolicyVersion = block.PolicyVersion,
            BrokenEnvironments = block.BrokenEnvironments,
        };
    }

    private static Tensor Find(Trajectory block, string name)
    {
        ArgumentNullException.ThrowIfNull(block);
        foreach (var column in block.Columns)
        {
            if (column.Name == name)
            {
                return column.Tensor;
            }
        }

        throw new InvalidDataException(
            $"the block has no column '{name}'; it has {string.Join(", ", block.Columns.Select(column => column.Name))}");
    }
}
