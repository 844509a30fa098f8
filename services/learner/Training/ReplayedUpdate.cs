using Grpc.Core;
using Rapid.Agents.OnPolicy;
using Rapid.Learner.Replay;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Training;

/// <summary>An update on fresh blocks with the replayed batches that follow it.</summary>
internal sealed class ReplayedUpdate(IReplayingLearner algorithm, ITable<ReceivedSequences> replay, int threads)
{
    /// <summary>Keeps the blocks for replay, then learns from them and from a random number of replayed batches.</summary>
    public async Task<IReadOnlyList<(string Name, double Value)>> UpdateAsync(
        IReadOnlyList<Trajectory> blocks, double progress, CancellationToken cancellation)
    {
        await replay.AppendAsync(blocks, cancellation);
        var wanted = replay.IsWarm ? algorithm.DrawReplays() : 0;

        // Batches are asked for now, so that they are sampled and sent while the on-policy step computes, but not earlier: which blocks
        // they are drawn from then depends on the run's seed alone.
        await replay.RequestAsync(wanted, cancellation);
        TorchThreads.Use(threads);
        var figures = algorithm.Update(blocks, progress, cancellation);
        var replays = 0;
        try
        {
            while (replays < wanted && await replay.ReadAsync(cancellation) is { } sequences)
            {
                // Its bytes are its own: another may be sent while it is learned from.
                await replay.ReleaseAsync([sequences], cancellation);
                TorchThreads.Use(threads);
                algorithm.Replay(sequences.Trajectory, progress);
                replays++;
            }
        }
        catch (Exception error) when (error is OperationCanceledException or RpcException)
        {
            // The blocks are learned from: the update ends here and is accounted for, so that a checkpoint never holds half of it. A replay
            // service that refuses refuses the next update as well.
        }

        return [.. figures, ("replays", replays), .. algorithm.TakeReplayFigures()];
    }
}
