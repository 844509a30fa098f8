using Rapid.Environments.Languages;

namespace Rapid.Environments.Described;

/// <summary>Reads how an episode begins.</summary>
/// <param name="scope">Names of the task.</param>
/// <param name="problems">Hears of what is wrong.</param>
internal sealed class TaskResetReader(TaskScope scope, SourceProblems problems)
{
    private const int MostSettleSteps = 1_000_000;

    private readonly List<NamedValue> _draw = [];
    private readonly List<(StateSlice, Node)> _set = [];

    /// <summary>Without the group an episode begins in the model's own state.</summary>
    /// <param name="node">The group, or null.</param>
    public ResetRules Read(SourceNode? node)
    {
        var rules = new ResetRules();
        problems.Guard(() =>
        {
            var seen = new HashSet<string>();
            foreach (var (key, child) in node is null ? [] : SourceFields.Group(node).Children)
            {
                problems.Guard(() => rules = seen.Add(key.Text)
                    ? Read(rules, key, child)
                    : throw key.Wrong(0, $"'{key.Text}' is there twice"));
            }
        });
        return rules with { Draw = [.. _draw], Set = _set };
    }

    private ResetRules Read(ResetRules rules, SourceSpan key, SourceNode node)
    {
        switch (key.Text)
        {
            case "scatter":
                var which = SourceFields.Choice(node, "limited", "all");
                return rules with { ScatterLimited = true, ScatterTurning = which == 1 };
            case "draw":
                foreach (var (name, child) in SourceFields.Group(node).Children)
                {
                    problems.Guard(() =>
                    {
                        var value = TaskParser.Read(SourceFields.Text(child), scope, Place.Reset);
                        _draw.Add(new NamedValue(name.Text, value, scope.Declare(name, value.Size, Place.Reset)));
                    });
                }

                return rules;
            case "set":
                foreach (var (target, child) in SourceFields.Group(node).Children)
                {
                    problems.Guard(() => _set.Add(ReadSet(target, child)));
                }

                return rules;
            case "settle":
                return rules with { SettleSteps = SourceFields.Whole(node, 0, MostSettleSteps) };
            case "reject":
                return rules with { Reject = TaskParser.ReadScalar(SourceFields.Text(node), scope, Place.Reset) };
            default:
                string[] fields = ["scatter", "draw", "set", "settle", "reject"];
                throw key.Wrong(0, $"'{key.Text}' is no field of a reset{SourceFields.Allowed(key.Text, fields)}");
        }
    }

    private (StateSlice, Node) ReadSet(SourceSpan key, SourceNode child)
    {
        var target = scope.Names.Settable(TaskParser.Read(key, scope, Place.Reset)) ?? throw key.Wrong(
            0, $"'{key.Text}' cannot be set; allowed: qpos, qvel, joint.NAME.pos, joint.NAME.vel, elements of these, "
                + "and body.NAME.pos and .quat of bodies with mocap=\"true\"");
        var value = TaskParser.Read(SourceFields.Text(child), scope, Place.Reset);
        return value.Size == target.Size || value.Size == 1
            ? (target, value)
            : throw child.At.Wrong(
                0, $"{value.Size} values for the {target.Size} of '{key.Text}'; allowed: {target.Size}, or a single one for all");
    }
}
