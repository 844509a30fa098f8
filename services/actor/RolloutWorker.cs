using Microsoft.Extensions.Logging;
using Rapid.Policies;
using Rapid.Protocol.Specs;

namespace Rapid.Actor;

/// <summary>
/// Fills one slot: takes the newest weights, collects a block, sends it, and begins again when the block is acknowledged. The replay
/// service acknowledges when it has room for the next block, so collection overlaps learning by one block and no more. In lockstep every
/// block waits for weights newer than the last block's.
/// </summary>
internal sealed class RolloutWorker(
    ExperimentOptions options, string experiment, string producer, uint slot, ICollector collector, PolicyFollower policies,
    TrajectoryWriter writer, BreakdownLog breakdowns, ILogger logger)
{
    private const int BrokenBlocksToReport = 100;

    public async Task RunAsync(CancellationToken cancellation)
    {
        long lastVersion = 0;
        ulong sequence = 0;
        var discarded = 0;
        while (true)
        {
            var snapshot = await policies.WaitAsync(options.Lockstep ? lastVersion : 0, cancellation);
            var block = collector.Collect(snapshot, cancellation);
            if (block is null)
            {
                breakdowns.Add(slot, collector.Breakdowns);
                if (++discarded % BrokenBlocksToReport == 0)
                {
                    logger.LogError(
                        "{Environment} broke in {Count} blocks in a row: nothing of slot {Slot} is learned from; the last reason: {Reason}",
                        options.Environment.Name, discarded, slot, collector.Breakdowns[0].Reason);
                }

                continue;
            }

            (discarded, lastVersion) = (0, snapshot.Version);
            (block.Experiment, block.Producer, block.Sequence, block.Slot) = (experiment, producer, ++sequence, slot);
            await writer.AppendAsync(block, cancellation);
        }
    }
}
