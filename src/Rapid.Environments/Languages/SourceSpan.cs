namespace Rapid.Environments.Languages;

/// <summary>A piece of a description: what it says and where it begins.</summary>
/// <param name="Text">As written, line ends included.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
internal readonly record struct SourceSpan(string Text, int Line, int Column)
{
    /// <summary>The problem of what stands <paramref name="offset"/> characters into the piece.</summary>
    public SourceException Wrong(int offset, string message)
    {
        var before = Text.AsSpan(0, Math.Min(offset, Text.Length));
        var lines = before.Count('\n');
        var column = lines == 0 ? Column + before.Length : before.Length - before.LastIndexOf('\n');
        return new SourceException(new SourceProblem(Line + lines, column, message));
    }
}

/// <summary>Ends the reading of one piece; the reader of the file collects them.</summary>
internal sealed class SourceException(SourceProblem problem) : Exception(problem.Message)
{
    public SourceProblem Problem => problem;
}
