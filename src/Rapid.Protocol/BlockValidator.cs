using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Protocol;

/// <summary>Finds out why a block must not enter a table, or a file.</summary>
public static class BlockValidator
{
    private const int LongestName = 256;
    private const ulong MaximumSteps = int.MaxValue;

    // As many rows as the block had truncated episodes.
    private static readonly HashSet<string> FreeFirstDimension = [TrajectoryColumns.FinalObservations];

    /// <summary>What is wrong, or null.</summary>
    public static string? Problem(Trajectory? block)
    {
        if (block is null)
        {
            return "the request has no trajectory";
        }

        if (block.Producer.Length is 0 or > LongestName)
        {
            return $"producer: '{block.Producer}' is not allowed; allowed: 1 to {LongestName} characters";
        }

        if (block.Sequence == 0)
        {
            return "sequence: 0 is not allowed; allowed: 1, 2, 3, ... per producer";
        }

        if (block.Steps == 0 || block.Environments == 0 || (ulong)block.Steps * block.Environments > MaximumSteps)
        {
            return $"a block of {block.Steps} steps of {block.Environments} environments is impossible; allowed: 1 to {MaximumSteps} in "
                + "all";
        }

        return ColumnProblem(block) ?? EpisodeProblem(block);
    }

    /// <summary>Names, types and shapes of a block's columns: what all blocks of a table must share.</summary>
    public static string SignatureOf(Trajectory block) => string.Join("; ", block.Columns
        .OrderBy(column => column.Name, StringComparer.Ordinal)
        .Select(column =>
        {
            var shape = column.Tensor.Shape.Select((size, i) => i == 0 && FreeFirstDimension.Contains(column.Name) ? "*"
                : size.ToString(CultureInfo.InvariantCulture));
            return $"{column.Name} {column.Tensor.Type} [{string.Join(", ", shape)}]";
        }));

    private static string? ColumnProblem(Trajectory block)
    {
        var names = new HashSet<string>();
        foreach (var column in block.Columns)
        {
            if (column.Name.Length is 0 or > LongestName)
            {
                return $"a column is named '{column.Name}'; allowed: 1 to {LongestName} characters";
            }

            if (!names.Add(column.Name))
            {
                return $"column '{column.Name}' is there twice";
            }

            var problem = TensorCodec.Problem(column.Tensor) ?? column.Tensor.Type switch
            {
                DataType.Float32 => FiniteProblem<float>(column.Tensor.Data),
                DataType.Float64 => FiniteProblem<double>(column.Tensor.Data),
                _ => null,
            };
            if (problem is not null)
            {
                return $"column '{column.Name}' {problem}";
            }
        }

        return names.Count == 0 ? "the block has no columns" : null;
    }

    private static string? FiniteProblem<T>(ByteString data)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var values = MemoryMarshal.Cast<byte, T>(data.Span);
        if (values.IsEmpty || TensorPrimitives.IsFiniteAll(values))
        {
            return null;
        }

        var index = 0;
        while (T.IsFinite(values[index]))
        {
            index++;
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"holds {values[index]} at element {index} (row-major): every number must be finite");
    }

    private static string? EpisodeProblem(Trajectory block)
    {
        var mostEpisodes = (ulong)block.Steps * block.Environments;
        if ((ulong)block.Episodes.Count > mostEpisodes)
        {
            return $"{block.Episodes.Count} episodes cannot have ended in a block of {block.Steps} steps of {block.Environments} "
                + $"environments; allowed: at most {mostEpisodes}";
        }

        foreach (var episode in block.Episodes)
        {
            if (episode.Step >= block.Steps || episode.Environment >= block.Environments || !double.IsFinite(episode.Return))
            {
                return $"an episode ended at step {episode.Step} of environment {episode.Environment} with return {episode.Return}, in a "
                    + "block of "
                    + $"{block.Steps} steps of {block.Environments} environments; steps and environments count from 0 and returns must be "
                        + "finite";
            }
        }

        return null;
    }
}
