using Rapid.Core;
using Rapid.Environments.Languages;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Described;

/// <summary>Reads what an action is and what the actuators make of it.</summary>
/// <param name="scope">Names of the task; learns how large an action is.</param>
/// <param name="problems">Hears of what is wrong.</param>
internal sealed class TaskActions(TaskScope scope, SourceProblems problems)
{
    private const int MostNumbers = 10_000;

    private static readonly string[] Fields = ["size", "low", "high", "control"];

    /// <summary>Without the group an action is the controls, within the ranges that the model gives them.</summary>
    /// <param name="node">The group, or null.</param>
    /// <param name="task">Where the task stands, for what is missing.</param>
    public (BoxSpace Space, Node? Control) Read(SourceNode? node, SourceSpan task)
    {
        var controls = scope.Names.Whole("ctrl").Size;
        scope.ActionSize = Math.Max(controls, 1);
        var at = node?.At ?? task;
        if (controls == 0)
        {
            problems.Add(at, "the model has no actuators");
            return (BoxSpace.Uniform(1, -1, 1), null);
        }

        var fields = Collect(node);
        double[]? low = Numbers(fields, "low"), high = Numbers(fields, "high");
        if (low is null != high is null)
        {
            problems.Add(at, "'low' and 'high' belong together");
        }

        var size = Math.Max(low?.Length ?? 1, high?.Length ?? 1) is > 1 and var length ? length : controls;
        problems.Guard(() => size = fields.TryGetValue("size", out var number) ? SourceFields.Whole(number, 1, MostNumbers) : size);
        if (size != controls && !fields.ContainsKey("control"))
        {
            problems.Add(at, $"an action of {size} for {controls} actuators; 'control' says what they make of it");
        }

        var space = low is not null && high is not null ? Box(at, low, high, size)
            : size == controls ? OfModel(at, controls)
            : Open(at, size);
        scope.ActionSize = space.Size;
        Node? control = null;
        if (fields.TryGetValue("control", out var text))
        {
            problems.Guard(() =>
            {
                control = TaskParser.Read(SourceFields.Text(text), scope, Place.Control);
                if (control.Size != controls && control.Size != 1)
                {
                    problems.Add(text.At, $"{control.Size} values for {controls} actuators; allowed: {controls}, or a single one for all");
                }
            });
        }

        return (space, control);
    }

    private Dictionary<string, SourceNode> Collect(SourceNode? node) =>
        problems.Try(node, [], group => problems.Collect(SourceFields.Group(group), "an action", Fields));

    private double[]? Numbers(Dictionary<string, SourceNode> fields, string field)
    {
        double[]? numbers = null;
        if (fields.TryGetValue(field, out var node))
        {
            problems.Guard(() =>
            {
                var value = TaskParser.Read(SourceFields.Text(node), scope, Place.Number);
                numbers = new double[value.Size];
                value.CopyTo(numbers, TaskState.None);
            });
        }

        return numbers;
    }

    private BoxSpace Box(SourceSpan at, double[] low, double[] high, int size)
    {
        (low, high) = (Spread(low), Spread(high));
        if (low.Length != size || high.Length != size)
        {
            problems.Add(at, $"{low.Length} lower and {high.Length} upper bounds for an action of {size}");
        }
        else if (low.Zip(high).Any(pair => !(pair.First < pair.Second) || !double.IsFinite(pair.First) || !double.IsFinite(pair.Second)))
        {
            problems.Add(at, "an action needs finite bounds, each 'low' below its 'high'");
        }
        else
        {
            return new BoxSpace([.. low.Select(value => (float)value)], [.. high.Select(value => (float)value)]);
        }

        return BoxSpace.Uniform(size, -1, 1);

        double[] Spread(double[] numbers) => numbers.Length == 1 ? [.. Enumerable.Repeat(numbers[0], size)] : numbers;
    }

    private BoxSpace Open(SourceSpan at, int size)
    {
        problems.Add(at, "an action that is not the controls needs 'low' and 'high'");
        return BoxSpace.Uniform(size, -1, 1);
    }

    private BoxSpace OfModel(SourceSpan at, int controls)
    {
        var limited = scope.Names.OfModel("actuator_ctrllimited");
        var range = scope.Names.OfModel("actuator_ctrlrange");
        string[] open = [.. Enumerable.Range(0, controls).Where(i => limited[i] == 0)
            .Select(i => scope.Names.Describe(MuJoCoObject.Actuator, i))];
        if (open.Length > 0)
        {
            problems.Add(at, $"{string.Join(", ", open.Take(5))} has no control range in the model; "
                + "give it one (ctrllimited and ctrlrange), or say action.low and action.high");
            return BoxSpace.Uniform(controls, -1, 1);
        }

        return new BoxSpace(
            [.. Enumerable.Range(0, controls).Select(i => (float)range[2 * i])],
            [.. Enumerable.Range(0, controls).Select(i => (float)range[(2 * i) + 1])]);
    }
}
