using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay.Sampling;

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

        return FlagProblem(terminated) ?? FlagProblem(truncated) ?? FinalProblem(block, observations, truncated, finals);
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

    private static string? FlagProblem(Column? column)
    {
        if (column?.Tensor.Type != DataType.Uint8)
        {
            return null;
        }

        var index = column.Tensor.Data.Span.IndexOfAnyExceptInRange((byte)0, (byte)1);
        return index < 0 ? null
            : $"column '{column.Name}' holds {column.Tensor.Data[index]} at element {index} (row-major); allowed: 0 and 1";
    }

    /// <summary>Final observations must be as many as there are cut episodes, and look as observations do.</summary>
    private static string? FinalProblem(Trajectory block, Column? observations, Column? truncated, Column? finals)
    {
        if (observations is null || truncated is null || BlockLayout.SpanOf(truncated, block) != ColumnSpan.Step
            || truncated.Tensor.Type != DataType.Uint8)
        {
            return null;
        }

        var cut = truncated.Tensor.Data.Span.Count((byte)1);
        if (finals is null)
        {
            return cut == 0 ? null : $"the block has no column '{TrajectoryColumns.FinalObservations}' for its {cut} truncated steps";
        }

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
}
