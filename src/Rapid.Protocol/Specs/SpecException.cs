namespace Rapid.Protocol.Specs;

/// <summary>One thing that is wrong with a spec.</summary>
/// <param name="Path">For example "algorithm.clip_range"; empty for the whole document.</param>
/// <param name="Message">The value, what is allowed, and the nearest known name where that helps.</param>
public sealed record SpecProblem(string Path, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}

/// <summary>A spec is wrong; all that is wrong with it at once.</summary>
public sealed class SpecException(IReadOnlyList<SpecProblem> problems) : Exception(string.Join('\n', problems))
{
    /// <summary>At least one.</summary>
    public IReadOnlyList<SpecProblem> Problems => problems;
}
