using Rapid.Learner.Replay;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Training;

/// <summary>
/// Chooses the blocks of the next batch. In lockstep one block of each slot made with exactly the newest weights, in slot order, whatever
/// order they arrive in; otherwise the oldest blocks that are not older than the allowed policy lag.
/// </summary>
public sealed class BatchCollector(IBlockSource reader, int slots, bool lockstep, int maxPolicyLag)
{
    /// <summary>Blocks dropped because their policy was too old, in all lives of the run.</summary>
    public long StaleBlocks { get; set; }

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
            var block = await reader.ReadAsync(slots - batch.Count, cancellation);
            BrokenEnvironments += (long)block.Trajectory.BrokenEnvironments;
            if (Accepts(block.Trajectory, version, batch))
            {
                batch.Add(block);
            }
            else
            {
                StaleBlocks++;
                await reader.AcknowledgeAsync([block], cancellation);
            }
        }

        if (lockstep)
        {
            batch.Sort((a, b) => a.Trajectory.Slot.CompareTo(b.Trajectory.Slot));
        }

        return batch;
    }

    private bool Accepts(Trajectory block, long version, List<ReceivedBlock> batch) => lockstep
        ? block.PolicyVersion == version && batch.TrueForAll(other => other.Trajectory.Slot != block.Slot)
        : version - block.PolicyVersion <= maxPolicyLag;
}
