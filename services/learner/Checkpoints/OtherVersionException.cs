using Rapid.Hosting;

namespace Rapid.Learner.Checkpoints;

/// <summary>A run or a checkpoint was written by a version of Rapid that this one does not work with. Nothing is wrong with it.</summary>
/// <param name="problem">Names both versions.</param>
public sealed class OtherVersionException(string problem) : Exception(problem)
{
    /// <summary>Refuses what another minor version has written.</summary>
    /// <param name="version">Of who wrote it; null where that was not noted yet, in the first minor version.</param>
    /// <param name="what">What was written, to begin a sentence with.</param>
    public static void ThrowIfOther(string? version, string what)
    {
        if (RapidVersion.ProblemOf(version ?? "0.1.0", what) is { } problem)
        {
            throw new OtherVersionException(problem);
        }
    }
}
