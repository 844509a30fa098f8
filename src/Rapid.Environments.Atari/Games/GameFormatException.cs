using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari.Games;

/// <summary>A game file is wrong; one line of the message is one problem.</summary>
/// <param name="file">Name of the file, for the message.</param>
/// <param name="problems">At least one.</param>
public sealed class GameFormatException(string file, IReadOnlyList<SourceProblem> problems) : DescriptionException(file, problems);
