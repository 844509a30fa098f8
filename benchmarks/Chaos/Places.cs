namespace Rapid.Benchmarks;

/// <summary>Where faults can hit: the processes of the cluster, and what leads from one to another.</summary>
internal static class Places
{
    public const int Actors = 4, Replays = 2;

    /// <summary>In the order in which they are started again.</summary>
    public static readonly IReadOnlyList<string> Processes =
        ["redis", "replay", "replay 1", "learner", "evaluator", "actor 0", "actor 1", "actor 2", "actor 3"];

    /// <summary>From whom to whom. Actors learn from the learner where the replay services are, and so share its links to them.</summary>
    public static readonly IReadOnlyList<string> Links =
    [
        "actor 0>learner", "actor 1>learner", "actor 2>learner", "actor 3>learner", "evaluator>learner", "learner>replay",
        "learner>replay 1", "replay>redis", "replay 1>redis", "recorder>replay", "recorder>replay 1",
    ];
}
