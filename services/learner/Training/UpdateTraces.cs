using System.Diagnostics;
using Rapid.Hosting;
using Rapid.Learner.Replay;

namespace Rapid.Learner.Training;

/// <summary>Follows updates that learn from a block which is followed.</summary>
internal static class UpdateTraces
{
    private static readonly ActivitySource Source = new("Rapid.Learner");

    /// <summary>Begins an update, linked to the blocks of its batch that are followed.</summary>
    /// <returns>Null when none is.</returns>
    public static Activity? Begin(string experiment, IReadOnlyList<ReceivedBlock> blocks)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        string[] origins = [.. blocks.Select(block => block.Trajectory.Traceparent).Where(text => BlockTraces.Parse(text) is not null)];
        return origins.Length == 0
            ? null
            : BlockTraces.Start(Source, "rapid.update", ActivityKind.Consumer, origins)?.SetTag("rapid.experiment", experiment);
    }
}
