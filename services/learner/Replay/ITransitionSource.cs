using Grpc.Core;
using Rapid.Agents.OffPolicy;
using Rapid.Core;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>A sampled batch, decoded, with what its message said beside it.</summary>
/// <param name="Transitions">To be given back with <see cref="ITransitionSource.ReturnAsync"/>.</param>
/// <param name="InsertedSteps">Environment steps stored in the table's life.</param>
/// <param name="HeldSteps">Environment steps held.</param>
/// <param name="Episodes">Episodes that ended in what was stored since the last batch.</param>
/// <param name="BrokenEnvironments">Environments that actors had to reset since the last batch.</param>
/// <param name="Shard">Which of several replay services it came from.</param>
public sealed record ReceivedBatch(
    TransitionBatch Transitions,
    ulong InsertedSteps,
    ulong HeldSteps,
    IReadOnlyList<Episode> Episodes,
    ulong BrokenEnvironments,
    int Shard = 0);

/// <summary>Where batches of old transitions come from: a table, in one replay service or spread over several.</summary>
public interface ITransitionSource : IAsyncDisposable
{
    /// <summary>Batches that were dropped because the run cannot learn from them.</summary>
    long InvalidBatches { get; }

    /// <summary>Makes the table, or finds that of an earlier life.</summary>
    Task CreateTableAsync(CancellationToken cancellation);

    /// <summary>Environment steps stored in the table's life. A table that is gone is made again.</summary>
    Task<long> CountStepsAsync(CancellationToken cancellation);

    /// <summary>Returns when every block is stored, once, in this order.</summary>
    /// <exception cref="RpcException">The table refuses a block.</exception>
    Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation);

    /// <summary>Statistics of every raw observation that the table holds.</summary>
    /// <param name="size">Elements of an observation.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<RunningMeanVariance> MeasureObservationsAsync(int size, CancellationToken cancellation);

    /// <summary>Begins to receive batches.</summary>
    /// <param name="makeBuffer">Makes a batch on the host, to be owned by the source.</param>
    /// <param name="buffers">How many batches of one replay service may be on their way.</param>
    /// <param name="normalizer">Applied to observations; null leaves them raw.</param>
    void Start(Func<TransitionBatch> makeBuffer, int buffers, ObservationNormalizer? normalizer);

    /// <summary>Asks for batches beyond those asked for before.</summary>
    Task RequestAsync(long batches, CancellationToken cancellation);

    /// <summary>The next batch.</summary>
    ValueTask<ReceivedBatch> ReadAsync(CancellationToken cancellation);

    /// <summary>Gives a batch back, so that another may be sent.</summary>
    /// <param name="batch">Not used any more.</param>
    /// <param name="priorities">[B], new priorities of a prioritised table's items; empty leaves them.</param>
    /// <param name="cancellation">Gives up.</param>
    Task ReturnAsync(ReceivedBatch batch, float[] priorities, CancellationToken cancellation);

    /// <summary>Empties the table; batches go on when it is filled again.</summary>
    /// <exception cref="RpcException">It could not be emptied.</exception>
    Task ClearTableAsync(CancellationToken cancellation);

    /// <summary>Drops the table: the run is over.</summary>
    /// <exception cref="RpcException">It could not be dropped.</exception>
    Task DropTableAsync(CancellationToken cancellation);
}
