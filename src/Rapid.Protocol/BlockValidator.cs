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

    // [T, N, ...] and [T+1, N, ...].
    private static readonly HashSet<string> StepColumns =
    [
        TrajectoryColumns.Actions, TrajectoryColumns.Rewards, TrajectoryColumns.Terminated, TrajectoryColumns.Truncated,
        TrajectoryColumns.LogProbabilities, TrajectoryColumns.BehaviourLogProbabilities, TrajectoryColumns.BehaviourMean,
        TrajectoryColumns.BehaviourLogStd, TrajectoryColumns.DiscountedReturns,
    ];

    private static readonly HashSet<string> BoundaryColumns = [TrajectoryColumns.Observations, TrajectoryColumns.Values];

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

        // Counters add these up.
        if (block.BrokenEnvironments > int.MaxValue)
        {
            return $"broken_environments: {block.BrokenEnvironments} is impossible; allowed: at most {int.MaxValue}";
        }

        return ColumnProblem(block) ?? SpanProblem(block) ?? EndingProblem(block) ?? MomentsProblem(block)
            ?? EpisodeProblem(block) ?? BlockGames.Problem(block);
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

    /// <summary>A block that claims more steps than its columns hold would be counted for what it is not.</summary>
    private static string? SpanProblem(Trajectory block)
    {
        var (steps, environments, hasSteps) = ((long)block.Steps, (long)block.Environments, false);
        foreach (var column in block.Columns)
        {
            var shape = column.Tensor.Shape;
            var first = shape.Count < 2 || shape[1] != environments ? -1 : shape[0];
            hasSteps |= first == steps || first == steps + 1;
            var wanted = StepColumns.Contains(column.Name) ? steps : BoundaryColumns.Contains(column.Name) ? steps + 1 : first;
            if (first != wanted)
            {
                return $"column '{column.Name}' is {column.Tensor.Type} [{string.Join(", ", shape)}] where a block of {steps} steps of "
                    + $"{environments} environments has [{wanted}, {environments}, ...]";
            }
        }

        return hasSteps ? null
            : $"no column holds the {steps} steps of {environments} environments that the block claims: one must begin with "
                + $"[{steps}, {environments}]";
    }

    /// <summary>Endings are flags, and final observations as many as there are cut episodes.</summary>
    private static string? EndingProblem(Trajectory block)
    {
        Column? observations = null, truncated = null, finals = null;
        foreach (var column in block.Columns)
        {
            switch (column.Name)
            {
                case TrajectoryColumns.Observations: observations = column; break;
                case TrajectoryColumns.Truncated: truncated = column; break;
                case TrajectoryColumns.FinalObservations: finals = column; break;
            }

            if (column is { Name: TrajectoryColumns.Terminated or TrajectoryColumns.Truncated, Tensor.Type: DataType.Uint8 }
                && column.Tensor.Data.Span.IndexOfAnyExceptInRange((byte)0, (byte)1) is >= 0 and var index)
            {
                return $"column '{column.Name}' holds {column.Tensor.Data[index]} at element {index} (row-major); allowed: 0 and 1";
            }
        }

        if (observations is null || finals is null || truncated?.Tensor.Type != DataType.Uint8)
        {
            return null;
        }

        var cut = truncated.Tensor.Data.Span.Count((byte)1);
        if (finals.Tensor.Shape.Count == 0 || finals.Tensor.Shape[0] != cut)
        {
            return $"column '{finals.Name}' has shape [{string.Join(", ", finals.Tensor.Shape)}] where {cut} steps were truncated: "
                + "it needs a row for each";
        }

        return finals.Tensor.Type == observations.Tensor.Type
            && finals.Tensor.Shape.Skip(1).SequenceEqual(observations.Tensor.Shape.Skip(2))
            ? null
            : $"column '{finals.Name}' is {finals.Tensor.Type} [{string.Join(", ", finals.Tensor.Shape)}] where observations are "
                + $"{observations.Tensor.Type} [{string.Join(", ", observations.Tensor.Shape)}]: its rows must look like an observation";
    }

    /// <summary>Moments are of float32 numbers, as many as the block has observations: others would spoil the learner's for good.</summary>
    private static string? MomentsProblem(Trajectory block)
    {
        const double Greatest = float.MaxValue;
        foreach (var column in block.Columns)
        {
            var values = column.Tensor.Type == DataType.Float64 ? MemoryMarshal.Cast<byte, double>(column.Tensor.Data.Span) : default;
            var mostObservations = (block.Steps + 1.0) * block.Environments;
            var index = column.Name switch
            {
                TrajectoryColumns.ObservationMoments =>
                    values[..(values.Length / 2)].IndexOfAnyExceptInRange(-Greatest, Greatest) is >= 0 and var mean ? mean
                    : values[(values.Length / 2)..].IndexOfAnyExceptInRange(0, Greatest * Greatest) is >= 0 and var variance
                        ? values.Length / 2 + variance
                    : -1,
                TrajectoryColumns.ObservationCount => values.IndexOfAnyExceptInRange(0, mostObservations),
                _ => -1,
            };
            if (index >= 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"column '{column.Name}' holds {values[index]} at element {index} "
                    + $"(row-major); allowed: means of float32 numbers, variances >= 0, a count of at most {mostObservations}");
            }
        }

        return null;
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
