using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>
/// Where the blocks that a run has learned from are kept, and old sequences come from: a table, in one replay service or in several.
/// </summary>
public interface ISequenceSource : IAsyncDisposable
{
    /// <summary>Whether enough is held to sample from. After the loss of a table in memory it has to fill again.</summary>
    bool IsWarm { get; }

    /// <summary>Makes the table, or finds that of an earlier life.</summary>
    Task CreateTableAsync(CancellationToken cancellation);

    /// <summary>Returns when every block is stored, once.</summary>
    /// <exception cref="RpcException">The table refuses a block.</exception>
    Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation);

    /// <summary>Asks for batches, which are sampled and sent while the caller computes.</summary>
    /// <param name="batches">How many <see cref="ReadAsync"/> will take, beyond those asked for before.</param>
    /// <param name="cancellation">Gives up.</param>
    Task RequestAsync(int batches, CancellationToken cancellation);

    /// <summary>The next batch: T steps of B environments.</summary>
    /// <returns>Null when nothing is held any more and has to fill again first; what was asked for is then forgotten.</returns>
    Task<Trajectory?> ReadAsync(CancellationToken cancellation);

    /// <summary>Drops the table: the run is over.</summary>
    /// <exception cref="RpcException">It could not be dropped.</exception>
    Task DropTableAsync(CancellationToken cancellation);
}
