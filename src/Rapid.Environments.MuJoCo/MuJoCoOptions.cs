namespace Rapid.Environments.MuJoCo;

/// <summary>
/// What all of Gymnasium's tasks can be told; each has a record of its own, whose defaults are Gymnasium's. Model and frame skip can be set
/// in both versions here, all else where Gymnasium lets one.
/// </summary>
internal abstract record MuJoCoOptions
{
    public const int OldestVersion = 4, NewestVersion = 5;

    /// <summary>Version of the task, 4 or 5.</summary>
    public int Version { get; init; } = OldestVersion;

    [TaskOption("frame_skip", "physics steps that an action is held", AtLeast = 1, AtMost = 1000)]
    public int FrameSkip { get; init; }

    [TaskOption("xml_file", "a path: an MJCF file of your own in place of the task's model")]
    public string? XmlFile { get; init; }
}

/// <summary>Of a body that can fall.</summary>
internal abstract record HealthOptions : MuJoCoOptions
{
    [TaskOption("healthy_reward", "paid each healthy step")]
    public double HealthyReward { get; init; } = 1;

    [TaskOption("terminate_when_unhealthy", "whether a fall ends the episode")]
    public bool TerminateWhenUnhealthy { get; init; } = true;

    [TaskOption("healthy_z_range", "heights of the torso that are healthy, in metres")]
    public Interval HealthyZRange { get; init; }

    /// <summary>What a step earns for health, and whether it is the last.</summary>
    public (double Bonus, bool Terminated) Judge(bool isHealthy)
    {
        // Version 4 pays for the step that ends an episode too.
        var isPaid = isHealthy || (Version == 4 && TerminateWhenUnhealthy);
        return (isPaid ? HealthyReward : 0, TerminateWhenUnhealthy && !isHealthy);
    }
}

/// <summary>An option of a task in text form.</summary>
/// <param name="name">As in a spec.</param>
/// <param name="meaning">What it is; of text also what kind.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TaskOptionAttribute(string name, string meaning) : Attribute
{
    public string Name => name;

    public string Meaning => meaning;

    /// <summary>The first version that has the option.</summary>
    public int From { get; init; } = MuJoCoOptions.OldestVersion;

    /// <summary>The last version that has the option.</summary>
    public int Until { get; init; } = MuJoCoOptions.NewestVersion;

    /// <summary>The smallest number allowed.</summary>
    public double AtLeast { get; init; } = double.NegativeInfinity;

    /// <summary>The largest number allowed.</summary>
    public double AtMost { get; init; } = double.PositiveInfinity;
}
