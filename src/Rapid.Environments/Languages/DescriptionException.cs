namespace Rapid.Environments.Languages;

/// <summary>Something in a description that cannot be taken.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
public readonly record struct SourceProblem(int Line, int Column, string Message);

/// <summary>A description that a user wrote is wrong; one line of the message is one problem.</summary>
/// <param name="file">Name of the file, for the message.</param>
/// <param name="problems">At least one.</param>
public class DescriptionException(string file, IReadOnlyList<SourceProblem> problems)
    : FormatException(string.Join(Environment.NewLine, problems.Select(problem => Describe(file, problem))))
{
    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<SourceProblem> Problems => problems;

    /// <summary>Each problem as "file:line:column: message".</summary>
    public IEnumerable<string> Lines => problems.Select(problem => Describe(file, problem));

    private static string Describe(string file, SourceProblem problem) => $"{file}:{problem.Line}:{problem.Column}: {problem.Message}";
}
