using System.Numerics;
using System.Runtime.InteropServices;
using Rapid.Protocol.V1;

namespace Rapid.Protocol;

/// <summary>Compares blocks with what a table was declared to take.</summary>
public static class BlockSignatures
{
    private const int MostColumns = 256, MostDimensions = 16;

    /// <summary>What is wrong with a declaration, by field, or null.</summary>
    public static (string Field, string Description)? Problem(BlockSignature signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        if (signature.Steps == 0 || signature.Environments == 0 || (ulong)signature.Steps * signature.Environments > int.MaxValue)
        {
            return ("steps", $"{signature.Steps} steps of {signature.Environments} environments are impossible; allowed: 1 to "
                + $"{int.MaxValue} in all");
        }

        if (signature.Columns.Count is 0 or > MostColumns)
        {
            return ("columns", $"{signature.Columns.Count} are impossible; allowed: 1 to {MostColumns}");
        }

        var names = new HashSet<string>();
        for (var i = 0; i < signature.Columns.Count; i++)
        {
            var column = signature.Columns[i];
            var isWhole = column.Type is DataType.Uint8 or DataType.Int32 or DataType.Int64;
            (string, string)? problem = column switch
            {
                { Name.Length: 0 } => ("name", "is empty"),
                _ when !names.Add(column.Name) => ("name", $"'{column.Name}' is there twice"),
                _ when TensorCodec.SizeOf(column.Type) == 0 => ("type", $"{(int)column.Type} is unknown"),
                _ when column.Shape.Count > MostDimensions || column.Shape.Skip(1).Any(size => size < 0)
                    || column.Shape.FirstOrDefault() < -1 => ("shape", $"{ShapeOf(column)} is impossible; allowed: at most "
                        + $"{MostDimensions} sizes >= 0, the first of them may be -1"),
                { Limit: > 0 } when !isWhole => ("limit", $"{column.Limit} of {column.Type} is not allowed; only whole numbers have one"),
                _ => null,
            };
            if (problem is var (field, description))
            {
                return ($"columns[{i}].{field}", description);
            }
        }

        return null;
    }

    /// <summary>Why a well-formed block is not as declared, or null.</summary>
    public static string? Problem(this BlockSignature signature, Trajectory block)
    {
        ArgumentNullException.ThrowIfNull(signature);
        ArgumentNullException.ThrowIfNull(block);
        if (signature.Experiment.Length > 0 && block.Experiment != signature.Experiment)
        {
            return $"the block is of experiment '{block.Experiment}'; allowed: '{signature.Experiment}'";
        }

        if (block.Steps != signature.Steps || block.Environments != signature.Environments)
        {
            return $"the block has {block.Steps} steps of {block.Environments} environments; allowed: {signature.Steps} steps of "
                + $"{signature.Environments}";
        }

        if (signature.Slots > 0 && block.Slot >= signature.Slots)
        {
            return $"slot: {block.Slot} is out of range; allowed: 0 to {signature.Slots - 1}";
        }

        if (!signature.Games && block.Noise.Count > 0)
        {
            return "noise: the block says how its games go on; allowed: blocks of runs in lockstep only";
        }

        for (var i = 0; i < signature.Columns.Count; i++)
        {
            var declared = signature.Columns[i];
            if (Find(block, declared.Name, i) is not { } column)
            {
                return $"the block has no column '{declared.Name}'; it needs {declared.Type} {ShapeOf(declared)}";
            }

            if (column.Tensor.Type != declared.Type || !HasShape(column, declared))
            {
                return $"column '{column.Name}' is {column.Tensor.Type} [{string.Join(", ", column.Tensor.Shape)}] where the table takes "
                    + $"{declared.Type} {ShapeOf(declared)}";
            }

            if (declared.Limit > 0 && LimitProblem(column, declared.Limit) is { } problem)
            {
                return problem;
            }
        }

        return block.Columns.Count == signature.Columns.Count ? null
            : $"column '{block.Columns.First(column => signature.Columns.All(other => other.Name != column.Name)).Name}' is none that the "
                + $"table takes: {string.Join(", ", signature.Columns.Select(column => column.Name))}";
    }

    /// <summary>The column of that name; producers of one program write their columns in one order.</summary>
    private static Column? Find(Trajectory block, string name, int likely)
    {
        if (likely < block.Columns.Count && block.Columns[likely].Name == name)
        {
            return block.Columns[likely];
        }

        foreach (var column in block.Columns)
        {
            if (column.Name == name)
            {
                return column;
            }
        }

        return null;
    }

    private static bool HasShape(Column column, ColumnSignature declared)
    {
        var (shape, wanted) = (column.Tensor.Shape, declared.Shape);
        if (shape.Count != wanted.Count)
        {
            return false;
        }

        for (var i = 0; i < shape.Count; i++)
        {
            if (shape[i] != wanted[i] && wanted[i] != -1)
            {
                return false;
            }
        }

        return true;
    }

    private static string? LimitProblem(Column column, ulong limit)
    {
        var bytes = column.Tensor.Data.Span;
        return column.Tensor.Type switch
        {
            DataType.Uint8 => Problem(column.Name, bytes, (byte)Math.Min(limit - 1, byte.MaxValue)),
            DataType.Int32 => Problem(column.Name, MemoryMarshal.Cast<byte, int>(bytes), (int)Math.Min(limit - 1, int.MaxValue)),
            _ => Problem(column.Name, MemoryMarshal.Cast<byte, long>(bytes), (long)Math.Min(limit - 1, long.MaxValue)),
        };
    }

    private static string? Problem<T>(string name, ReadOnlySpan<T> values, T greatest)
        where T : unmanaged, IBinaryInteger<T>
    {
        var index = values.IndexOfAnyExceptInRange(T.Zero, greatest);
        return index < 0 ? null : $"column '{name}' holds {values[index]} at element {index} (row-major); allowed: 0 to {greatest}";
    }

    private static string ShapeOf(ColumnSignature column) =>
        $"[{string.Join(", ", column.Shape.Select((size, i) => i == 0 && size == -1 ? "any" : $"{size}"))}]";
}
