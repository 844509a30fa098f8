namespace Rapid.Environments;

/// <summary>What there is to know about a registered environment without making one.</summary>
/// <param name="Name">For example "HalfCheetah-v4".</param>
/// <param name="Family">"classic", "mujoco" or "atari".</param>
/// <param name="MaxEpisodeSteps">Steps after which an episode is truncated, unless an option says otherwise.</param>
/// <param name="RewardThreshold">Return at which the task counts as solved, if the task has one.</param>
/// <param name="Summary">One line.</param>
/// <param name="Options">Names of the constructor's options, with what they take.</param>
public sealed record EnvironmentInfo(
    string Name, string Family, int MaxEpisodeSteps, double? RewardThreshold, string Summary, IReadOnlyDictionary<string, string> Options)
{
    /// <summary>True for physics tasks whose observations and rewards want normalisation.</summary>
    public bool IsMuJoCo => Family == "mujoco";

    /// <summary>True for games.</summary>
    public bool IsAtari => Family == "atari";

    /// <summary>Whether actions are real numbers, where the family does not say so.</summary>
    public bool HasContinuousActions { get; init; }

    /// <summary>More of what there is to know, each with what it is about.</summary>
    public IReadOnlyList<(string About, string Fact)> Facts { get; init; } = [];

    /// <summary>What who uses the name should know, if anything.</summary>
    public string? Note { get; init; }

    /// <summary>Whether observations are frames; of games they are, unless an option says otherwise.</summary>
    public bool ShowsFrames { get; init; } = Family == "atari";

    /// <summary>The option and its value with which observations are no frames; null where none changes that.</summary>
    public (string Option, string Value)? ShowsNoFramesWith { get; init; }
}
