using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>
/// A table of a run as the learner sees it, in one replay service (<see cref="TableClient{T}"/>) or spread over several
/// (<see cref="Sharded{T}"/>). One task at a time asks, reads and gives back; the other members may be called beside it.
/// </summary>
/// <typeparam name="T">What the table gives: blocks, sequences or batches of transitions.</typeparam>
public interface ITable<T> : IAsyncDisposable
    where T : Received
{
    /// <summary>Answers that were dropped because they are not of this run.</summary>
    long InvalidAnswers { get; }

    /// <summary>Whether reading need not wait until more is stored.</summary>
    bool IsWarm { get; }

    /// <summary>Environment steps stored in the table's life, as far as is known.</summary>
    ulong InsertedSteps { get; }

    /// <summary>Environment steps that the table holds, as far as is known.</summary>
    ulong HeldSteps { get; }

    /// <summary>Makes the table, or finds it. From here on the loss of a queue is noticed.</summary>
    /// <returns>Environment steps stored in the table's life.</returns>
    Task<ulong> CreateAsync(CancellationToken cancellation);

    /// <summary>Returns when every block is stored, once, in this order. A shard that is away is left out.</summary>
    /// <exception cref="RpcException">The table refuses a block.</exception>
    Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation);

    /// <summary>Asks for answers, which are made, sent and decoded while the caller computes. The first request opens the stream.</summary>
    /// <param name="answers">How many the caller will read from now on, with those that it has asked for before.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="RpcException">The replay service refuses what it was asked before.</exception>
    Task RequestAsync(long answers, CancellationToken cancellation);

    /// <summary>The next of the answers that were asked for.</summary>
    /// <returns>Null when the reader has to fill the table first; what was asked for is then forgotten.</returns>
    /// <exception cref="TableLostException">
    /// Once, after a queue in one replay service was made anew and blocks may be missed for ever.
    /// </exception>
    /// <exception cref="RpcException">The replay service refuses.</exception>
    ValueTask<T?> ReadAsync(CancellationToken cancellation);

    /// <summary>Gives answers back after use, so that others may be sent. A queue forgets these blocks; when it does not hear of it, they
    /// come again and are dropped.</summary>
    Task ReleaseAsync(IEnumerable<T> answers, CancellationToken cancellation);

    /// <summary>Reads every block that the table holds, of each replay service from the beginning whenever the connection breaks.</summary>
    /// <param name="read">Makes a result of the blocks of one service.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>A result of each service.</returns>
    Task<IReadOnlyList<TResult>> ExportAsync<TResult>(
        Func<IAsyncEnumerable<SampledItem>, Task<TResult>> read, CancellationToken cancellation);

    /// <summary>Empties the table by dropping it: it is made again when it is read or <see cref="CreateAsync"/> is called.</summary>
    /// <exception cref="RpcException">It could not be dropped.</exception>
    Task ClearAsync(CancellationToken cancellation);

    /// <summary>Drops the table and ends reading: the run is over.</summary>
    /// <exception cref="RpcException">It could not be dropped.</exception>
    Task DropAsync(CancellationToken cancellation);
}
