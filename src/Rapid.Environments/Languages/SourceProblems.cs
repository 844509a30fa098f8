namespace Rapid.Environments.Languages;

/// <summary>What is wrong with a description. Readers go on after a problem, so that a user hears of all of them at once.</summary>
internal sealed class SourceProblems
{
    private readonly HashSet<SourceProblem> _problems = [];

    /// <summary>How many there are.</summary>
    public int Count => _problems.Count;

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<SourceProblem> ByPlace => [.. _problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)];

    /// <summary>A problem of a piece as a whole.</summary>
    public void Add(SourceSpan at, string message) => _problems.Add(at.Wrong(0, message).Problem);

    /// <summary>Reads something; what is wrong with it is a problem and no more.</summary>
    public void Guard(Action read)
    {
        try
        {
            read();
        }
        catch (SourceException error)
        {
            _problems.Add(error.Problem);
        }
    }

    /// <summary>The value of a field; the fallback where it is left out or wrong.</summary>
    public T Try<T>(SourceNode? node, T fallback, Func<SourceNode, T> read)
    {
        var value = fallback;
        if (node is not null)
        {
            Guard(() => value = read(node));
        }

        return value;
    }

    /// <summary>The fields of a group by name; others than the known ones and second ones are problems.</summary>
    /// <param name="group">The group.</param>
    /// <param name="what">Whose fields they are: "a game".</param>
    /// <param name="known">Names that there may be.</param>
    public Dictionary<string, SourceNode> Collect(SourceNode.Map group, string what, IReadOnlyList<string> known)
    {
        var fields = new Dictionary<string, SourceNode>();
        foreach (var (key, child) in group.Children)
        {
            if (!known.Contains(key.Text))
            {
                Add(key, $"'{key.Text}' is no field of {what}{SourceFields.Allowed(key.Text, known)}");
            }
            else if (!fields.TryAdd(key.Text, child))
            {
                Add(key, $"'{key.Text}' is there twice");
            }
        }

        return fields;
    }
}
