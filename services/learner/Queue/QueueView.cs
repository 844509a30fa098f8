using StackExchange.Redis;

namespace Rapid.Learner.Queue;

/// <summary>A run in the shared queue.</summary>
/// <param name="Id">The run's.</param>
/// <param name="Owner">Who trains it; empty when nobody does.</param>
/// <param name="IsCancelled">Whether it is to be cancelled.</param>
/// <param name="IsDelayed">Whether it has to wait a while.</param>
internal sealed record QueuedRun(string Id, string Owner, bool IsCancelled, bool IsDelayed);

/// <summary>The shared queue as it was a moment ago.</summary>
/// <param name="Learners">What those that are alive say of themselves.</param>
/// <param name="Runs">Those that have not ended, in the order in which they have their turn.</param>
internal sealed record QueueView(IReadOnlyDictionary<string, string> Learners, IReadOnlyList<QueuedRun> Runs)
{
    /// <summary>Before anybody has looked.</summary>
    public static QueueView Empty { get; } = new(new Dictionary<string, string>(), []);

    /// <summary>Reads the reply of <see cref="QueueScripts.Beat"/>.</summary>
    public static QueueView Read(RedisResult reply)
    {
        var (learners, runs) = (Texts(reply[0]), Texts(reply[1]));
        return new QueueView(
            learners.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]),
            [.. runs.Chunk(4).Select(run => new QueuedRun(run[0], run[1], run[2] == "1", run[3] == "1"))]);
    }

    private static string[] Texts(RedisResult part) => [.. ((RedisResult[])part!).Select(value => (string)value!)];
}
