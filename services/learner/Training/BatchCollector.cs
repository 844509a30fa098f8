using Microsoft.Extensions.Logging;
using Rapid.Learner.Replay;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Training;

/// <summary>
/// Chooses the blocks of the next batch. In lockstep one block of each slot made with exactly the newest weights, in slot order, whatever
/// order they arrive in; otherwise the oldest blocks that are not older than the allowed policy lag.
/// </summary>
public sealed class BatchCollector(ITable<ReceivedBlock> queue, int slots, bool lockstep, int maxPolicyLag, ILogger logger)
{
    /// <summary>Blocks dropped because their policy was too old, in all lives of the run.</summary>
    public long StaleBlocks { get; set; }

    /// <summary>Blocks dropped because no policy of their version was ever published: they are not of this run.</summary>
    public long UnpublishedBlocks { get; private set; }

    /// <summary>Environments that actors had to reset because of non-finite numbers, in all lives of the run.</summary>
    public long BrokenEnvironments { get; set; }

    /// <summary>Waits for a whole batch.</summary>
    /// <param name="version">The newest published policy version.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="TableLostException">Acknowledged blocks may be lost, so that in lockstep this batch would never fill.</exception>
    public async Task<IReadOnlyList<ReceivedBlock>> CollectAsync(long version, CancellationToken cancellation)
    {
        var batch = new List<ReceivedBlock>(slots);
        while (batch.Count < slots)
        {
            await queue.RequestAsync(slots - batch.Count, cancellation);
            var block = (await queue.ReadAsync(cancellation))!;
            if (block.Trajectory.PolicyVersion < 1 || block.Trajectory.PolicyVersion > version)
            {
                Report(block.Trajectory, version);
                await queue.ReleaseAsync([block], cancellation);
                continue;
            }

            BrokenEnvironments += (long)block.Trajectory.BrokenEnvironments;
            if (Accepts(block.Trajectory, version, batch))
            {
                batch.Add(block);
            }
            else
            {
                StaleBlocks++;
                await queue.ReleaseAsync([block], cancellation);
            }
        }

        if (lockstep)
        {
            batch.Sort((a, b) => a.Trajectory.Slot.CompareTo(b.Trajectory.Slot));
        }

        return batch;
    }

    /// <summary>One of each ten times as many: who sends one sends more.</summary>
    private void Report(Trajectory block, long version)
    {
        UnpublishedBlocks++;
        if (Math.Log10(UnpublishedBlocks) % 1 == 0)
        {
            logger.LogWarning(
                "block {Sequence} of {Producer} was made with policy version {Version}, which was never published "
                    + "(the newest is {Newest}): it is dropped; {Count} so far",
                block.Sequence, block.Producer, block.PolicyVersion, version, UnpublishedBlocks);
        }
    }

    private bool Accepts(Trajectory block, long version, List<ReceivedBlock> batch) => lockstep
        ? block.PolicyVersion == version && batch.TrueForAll(other => other.Trajectory.Slot != block.Slot)
        : version - block.PolicyVersion <= maxPolicyLag;
}
