using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>Old sequences.</summary>
/// <param name="Trajectory">T steps of B environments.</param>
public sealed record ReceivedSequences(Trajectory Trajectory) : Received;

/// <summary>Sequences that are drawn from the blocks that a run has learned from.</summary>
/// <remarks>
/// The learner appends, not the actors: it holds the block anyway, so the bytes leave it once more, as they would leave the actor; it
/// leaves out what only the on-policy step needs; and blocks enter in the order in which they were learned from, which makes lockstep runs
/// repeat bit for bit however many actors there are. A block is appended before it is acknowledged to the queue.
/// </remarks>
/// <param name="steps">Steps of a sequence (T).</param>
/// <param name="sequences">Sequences of a batch (B).</param>
/// <param name="prefetch">Batches that may be on their way while the learner computes.</param>
public sealed class SequenceProtocol(int steps, int sequences, int prefetch)
    : TableProtocol<ReceivedSequences>("replaying sequences", prefetch)
{
    private static readonly HashSet<string> ReplayedColumns =
    [
        TrajectoryColumns.Observations, TrajectoryColumns.FrameHistory, TrajectoryColumns.Actions, TrajectoryColumns.Rewards,
        TrajectoryColumns.Terminated,
        TrajectoryColumns.Truncated, TrajectoryColumns.FinalObservations, TrajectoryColumns.BehaviourLogProbabilities,
        TrajectoryColumns.BehaviourMean, TrajectoryColumns.BehaviourLogStd,
    ];

    /// <inheritdoc/>
    public override bool IsFilledByReader => true;

    /// <inheritdoc/>
    public override void Open(SampleRequest first) => first.BatchSize = (uint)sequences;

    /// <summary>The columns that replaying needs, sharing their bytes.</summary>
    public override Trajectory ToStored(Trajectory block)
    {
        ArgumentNullException.ThrowIfNull(block);
        var replayed = block.WithoutContent();
        replayed.Columns.AddRange(block.Columns.Where(column => ReplayedColumns.Contains(column.Name)));
        return replayed;
    }

    /// <inheritdoc/>
    public override ReceivedSequences Decode(SampleReply reply, SampleRequest next)
    {
        ArgumentNullException.ThrowIfNull(reply);
        var batch = new Trajectory { Steps = (uint)steps, Environments = (uint)sequences };
        batch.Columns.AddRange(reply.Batch.Columns);
        return new ReceivedSequences(batch);
    }

    /// <summary>What is left of blocks when they are replayed.</summary>
    internal static BlockSignature SignatureOf(BlockSignature blocks)
    {
        var replayed = blocks.Clone();
        replayed.Columns.Clear();
        replayed.Columns.AddRange(blocks.Columns.Where(column => ReplayedColumns.Contains(column.Name)));
        return replayed;
    }
}
