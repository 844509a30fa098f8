namespace Rapid.Specs;

/// <summary>One thing that is wrong with a spec.</summary>
/// <param name="Path">For example "algorithm.clip_range"; empty for the whole document.</param>
/// <param name="Message">The value, what is allowed, and the nearest known name where that helps.</param>
public sealed record SpecProblem(string Path, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}

/// <summary>A spec is wrong; all that is wrong with it at once. The message has one line for each of the first problems.</summary>
public sealed class SpecException(IReadOnlyList<SpecProblem> problems) : Exception(Summarize(problems))
{
    // The message travels in the headers of an RPC, whose size is limited.
    private const int MostLines = 50;

    /// <summary>At least one.</summary>
    public IReadOnlyList<SpecProblem> Problems => problems;

    private static string Summarize(IReadOnlyList<SpecProblem> problems)
    {
        var lines = string.Join('\n', problems.Take(MostLines));
        return problems.Count <= MostLines ? lines : $"{lines}\n... and {problems.Count - MostLines} more problems";
    }
}
