namespace Rapid.Environments.Atari.Games;

/// <summary>Something in a game file that cannot be taken.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
public readonly record struct GameProblem(int Line, int Column, string Message);

/// <summary>A game file is wrong; one line of the message is one problem.</summary>
/// <param name="file">Name of the file, for the message.</param>
/// <param name="problems">At least one.</param>
public sealed class GameFormatException(string file, IReadOnlyList<GameProblem> problems)
    : FormatException(string.Join(
        Environment.NewLine, problems.Select(problem => $"{file}:{problem.Line}:{problem.Column}: {problem.Message}")))
{
    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<GameProblem> Problems => problems;
}
