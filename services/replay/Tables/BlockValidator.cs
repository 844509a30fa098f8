using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tables;

/// <summary>Finds out why a block must not enter a table.</summary>
internal static class BlockValidator
{
    private const long MaximumSteps = 1L << 31;

    // Columns that a policy learns from must be numbers; what ended an episode may be anything.
    private static readonly HashSet<string> FreeFirstDimension = [TrajectoryColumns.FinalObservations];

    /// <summary>What is wrong, or null.</summary>
    public static string? Problem(Trajectory? block)
    {
        if (block is null)
        {
            return "the request has no trajectory";
        }

        if (block.Producer.Length is 0 or > 256 || block.Sequence == 0)
        {
            return $"producer '{block.Producer}' and sequence {block.Sequence} must name the block: 1 to 256 characters, and 1, 2, 3, ...";
        }

        if (block.Steps == 0 || block.Environments == 0 || (long)block.Steps * block.Environments >= MaximumSteps)
        {
            return $"a block of {block.Steps} steps of {block.Environments} environments is impossible";
        }

        var names = new HashSet<string>();
        foreach (var column in block.Columns)
        {
            if (!names.Add(column.Name))
            {
                return $"column '{column.Name}' is there twice";
            }

            if (TensorCodec.Problem(column.Tensor) is { } problem)
            {
                return $"column '{column.Name}' {problem}";
            }

            if (column.Tensor.Type == DataType.Float32 && column.Tensor.Data.Length > 0 && !TensorPrimitives.IsFiniteAll(MemoryMarshal.Cast<byte, float>(column.Tensor.Data.Span)))
            {
                return $"column '{column.Name}' holds a number that is not finite";
            }
        }

        return names.Count == 0 ? "the block has no columns" : null;
    }

    /// <summary>Names, types and shapes of a block's columns: what all blocks of a table must share.</summary>
    public static string SignatureOf(Trajectory block) => string.Join("; ", block.Columns
        .OrderBy(column => column.Name, StringComparer.Ordinal)
        .Select(column =>
        {
            var shape = column.Tensor.Shape.Select((size, i) => i == 0 && FreeFirstDimension.Contains(column.Name) ? "*" : size.ToString(System.Globalization.CultureInfo.InvariantCulture));
            return $"{column.Name} {column.Tensor.Type} [{string.Join(", ", shape)}]";
        }));
}
