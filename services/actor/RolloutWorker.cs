using System.Diagnostics;
using Rapid.Hosting;
using Rapid.Protocol.Specs;

namespace Rapid.Actor;

/// <summary>
/// Fills one slot: takes the newest weights, collects a block, sends it, and begins again when the block is acknowledged. The replay
/// service acknowledges when it has room for the next block, so collection overlaps learning by one block and no more. In lockstep every
/// block waits for weights newer than the last block's.
/// </summary>
/// <param name="options">The experiment.</param>
/// <param name="experiment">Its id.</param>
/// <param name="producer">Unique for this worker.</param>
/// <param name="slot">Which slot.</param>
/// <param name="collector">Steps its environments.</param>
/// <param name="policies">Where weights come from.</param>
/// <param name="writer">Where blocks go.</param>
/// <param name="breakdowns">Hears of environments that break.</param>
/// <param name="instruments">Measures.</param>
/// <param name="traces">Traces some blocks.</param>
/// <param name="takenOverAt">The policy version that acts in the first block, where a slot was taken over; null where any may.</param>
internal sealed class RolloutWorker(
    ExperimentOptions options, string experiment, string producer, uint slot, ICollector collector, PolicyFollower policies,
    TrajectoryWriter writer, BreakdownLog breakdowns, CrewInstruments instruments, RolloutTraces traces, long? takenOverAt = null)
{
    private const int MostBrokenBlocks = 100;

    /// <summary>Whether a block of this worker was taken.</summary>
    public bool HasDelivered { get; private set; }

    /// <summary>Works until it is cancelled, or until the slot has to be taken over anew: the learner is not where this worker's last block
    /// would have brought it, because that block was lost or another's was used.</summary>
    /// <exception cref="InvalidDataException">The environments broke in so many blocks in a row that they will in the next.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var lastVersion = takenOverAt - 1 ?? 0;
        var updateSteps = (long)options.Algorithm.RolloutSteps * options.Actors.Environments * options.Actors.Count;
        long? expected = null;
        ulong sequence = 0;
        var discarded = 0;
        while (true)
        {
            var snapshot = await policies.WaitAsync(options.Lockstep ? lastVersion : 0, cancellation);
            if (takenOverAt is { } first && (expected is { } step ? snapshot.Step != step : snapshot.Version != first))
            {
                return;
            }

            using var trace = traces.Begin(slot, snapshot);
            var began = Stopwatch.GetTimestamp();
            var block = collector.Collect(snapshot, cancellation);
            if (block is null)
            {
                breakdowns.Add(slot, collector.Breakdowns);
                instruments.OnBroken(collector.Breakdowns.Count);
                trace?.SetStatus(ActivityStatusCode.Error, collector.Breakdowns[0].Reason);
                if (++discarded == MostBrokenBlocks)
                {
                    throw new InvalidDataException(
                        $"{options.Environment.Name} broke in {discarded} blocks in a row, nothing of which is learned from; "
                        + $"the last reason: {collector.Breakdowns[0].Reason}");
                }

                continue;
            }

            var collected = Stopwatch.GetTimestamp();
            instruments.OnCollected(block, Stopwatch.GetElapsedTime(began, collected), collector.Inference);
            (discarded, lastVersion, expected) = (0, snapshot.Version, snapshot.Step + updateSteps);
            (block.Experiment, block.Producer, block.Sequence, block.Slot) = (experiment, producer, ++sequence, slot);
            block.Traceparent = BlockTraces.Of(trace);
            trace?.SetTag("rapid.sequence", sequence).AddEvent(new ActivityEvent("collected"));
            await writer.AppendAsync(block, cancellation);
            instruments.OnAppended(Stopwatch.GetElapsedTime(collected));
            HasDelivered = true;
        }
    }
}
