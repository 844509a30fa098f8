using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay.Sampling;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <summary>What a block must have so that items can be cut out of it.</summary>
internal static class ItemRules
{
    /// <summary>Why items of this kind cannot be cut out of a well-formed block, or null.</summary>
    public static string? Problem(Trajectory block, TableDefinition definition)
    {
        Column? observations = null, rewards = null, terminated = null, truncated = null, finals = null;
        foreach (var column in block.Columns)
        {
            if (BatchColumns.All.Contains(column.Name))
            {
                return $"column '{column.Name}' is the name of a column that sampling adds; give it another";
            }

            switch (column.Name)
            {
                case TrajectoryColumns.Observations: observations = column; break;
                case TrajectoryColumns.Rewards: rewards = column; break;
                case TrajectoryColumns.Terminated: terminated = column; break;
                case TrajectoryColumns.Truncated: truncated = column; break;
                case TrajectoryColumns.FinalObservations: finals = column; break;
            }
        }

        if (definition.Items == ItemKind.Transition)
        {
            if (Needs(block, TrajectoryColumns.Observations, observations, null, ColumnSpan.Boundary) is { } problem)
            {
                return problem;
            }

            problem = Needs(block, TrajectoryColumns.Terminated, terminated, DataType.Uint8, ColumnSpan.Step)
                ?? Needs(block, TrajectoryColumns.Truncated, truncated, DataType.Uint8, ColumnSpan.Step)
                ?? (definition.NSteps > 1 ? Needs(block, TrajectoryColumns.Rewards, rewards, DataType.Float32, ColumnSpan.Step) : null);
            if (problem is not null)
            {
                return problem;
            }
        }

        return observations is null || finals is not null ? null : MissingFinalsProblem(truncated);
    }

    private static string? Needs(Trajectory block, string name, Column? column, DataType? type, ColumnSpan span)
    {
        var shape = span == ColumnSpan.Step ? "[T, N" : "[T+1, N";
        var expected =
            $"{type?.ToString() ?? "any type"} {shape}{(type is null ? ", ...]" : "]")} with T = {block.Steps}, N = {block.Environments}";
        if (column is null)
        {
            return $"the block has no column '{name}', which its items need: {expected}";
        }

        var fits = BlockLayout.SpanOf(column, block) == span
            && (type is null || (column.Tensor.Type == type && column.Tensor.Shape.Count == 2));
        return fits ? null
            : $"column '{name}' is {column.Tensor.Type} [{string.Join(", ", column.Tensor.Shape)}] where items need {expected}";
    }

    private static string? MissingFinalsProblem(Column? truncated)
    {
        var cut = truncated?.Tensor.Type == DataType.Uint8 ? truncated.Tensor.Data.Span.Count((byte)1) : 0;
        return cut == 0 ? null : $"the block has no column '{TrajectoryColumns.FinalObservations}' for its {cut} truncated steps";
    }
}
