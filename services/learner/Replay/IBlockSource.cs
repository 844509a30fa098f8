using Grpc.Core;

namespace Rapid.Learner.Replay;

/// <summary>Where fresh blocks come from, each once: a queue table, in one replay service or spread over several.</summary>
public interface IBlockSource : IAsyncDisposable
{
    /// <summary>Blocks that were dropped because they are not what actors of the run make.</summary>
    long InvalidBlocks { get; }

    /// <summary>Makes the table, so that actors can append. From here on the loss of the table is noticed.</summary>
    Task CreateTableAsync(CancellationToken cancellation);

    /// <summary>The next block.</summary>
    /// <param name="wanted">How many blocks the caller will take in a row: what may be sent ahead.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="TableLostException">Once, after the table had to be made anew and blocks may be missed for ever.</exception>
    Task<ReceivedBlock> ReadAsync(int wanted, CancellationToken cancellation);

    /// <summary>
    /// These blocks were used and can be forgotten. A lost acknowledgement only means that they come again and are dropped.
    /// </summary>
    Task AcknowledgeAsync(IEnumerable<ReceivedBlock> blocks, CancellationToken cancellation);

    /// <summary>Drops the table: the run is over.</summary>
    /// <exception cref="RpcException">It could not be dropped.</exception>
    Task DropTableAsync(CancellationToken cancellation);
}
