using Rapid.Protocol.V1;

namespace Rapid.Replay.Tables;

/// <summary>Where the blocks of one table are kept. A method that returned has done its work as durably as the store can.</summary>
internal interface ITableStore
{
    /// <summary>Keeps a block, its producer's sequence and the table's signature, all or nothing. Safe to repeat.</summary>
    /// <param name="id">Orders the blocks of the table.</param>
    /// <param name="block">The block.</param>
    /// <param name="signature">What the columns of all blocks of this table share.</param>
    /// <param name="forgotten">Producers whose sequence is no longer needed.</param>
    /// <param name="removed">Blocks that are no longer needed.</param>
    /// <param name="cancellation">Gives up; whether the block was kept is then unknown.</param>
    Task AppendAsync(
        ulong id,
        Trajectory block,
        string signature,
        IReadOnlyList<string> forgotten,
        IReadOnlyCollection<ulong> removed,
        CancellationToken cancellation);

    /// <summary>Reads a block back that is not in memory; null when the store does not have it.</summary>
    Task<Trajectory?> LoadAsync(ulong id, CancellationToken cancellation);

    /// <summary>Says that the store no longer has a block that it should have, and forgets the block.</summary>
    Task ReportLossAsync(ulong id, CancellationToken cancellation);

    /// <summary>Keeps priorities of items, named block * items per block + index. Those of blocks that the store does not have are
    /// ignored.</summary>
    /// <param name="priorities">The newest of each item.</param>
    /// <param name="itemsPerBlock">Items cut out of a block.</param>
    /// <param name="highest">The highest priority so far.</param>
    /// <param name="cancellation">Gives up.</param>
    Task SavePrioritiesAsync(
        IReadOnlyCollection<KeyValuePair<ulong, double>> priorities, int itemsPerBlock, double highest, CancellationToken cancellation);

    /// <summary>Keeps the epoch of the table's latest owner; an earlier one than is kept changes nothing.</summary>
    Task SaveEpochAsync(ulong epoch, CancellationToken cancellation);

    /// <summary>Keeps other limits of the table in its definition.</summary>
    Task SaveDefinitionAsync(TableDefinition definition, CancellationToken cancellation);

    /// <summary>Forgets blocks. Safe to repeat.</summary>
    Task RemoveAsync(IReadOnlyCollection<ulong> ids, CancellationToken cancellation);

    /// <summary>Forgets the table.</summary>
    Task DropAsync(CancellationToken cancellation);
}

/// <summary>Keeps nothing beyond the process: the table's own memory is all there is.</summary>
internal sealed class MemoryStore : ITableStore
{
    public Task AppendAsync(
        ulong id,
        Trajectory block,
        string signature,
        IReadOnlyList<string> forgotten,
        IReadOnlyCollection<ulong> removed,
        CancellationToken cancellation) => Task.CompletedTask;

    public Task<Trajectory?> LoadAsync(ulong id, CancellationToken cancellation) =>
        throw new InvalidOperationException("a memory table holds every block");

    public Task ReportLossAsync(ulong id, CancellationToken cancellation) =>
        throw new InvalidOperationException("a memory table holds every block");

    public Task SavePrioritiesAsync(
        IReadOnlyCollection<KeyValuePair<ulong, double>> priorities, int itemsPerBlock, double highest, CancellationToken cancellation) =>
        throw new InvalidOperationException("a memory table holds every priority");

    public Task SaveEpochAsync(ulong epoch, CancellationToken cancellation) => Task.CompletedTask;

    public Task SaveDefinitionAsync(TableDefinition definition, CancellationToken cancellation) => Task.CompletedTask;

    public Task RemoveAsync(IReadOnlyCollection<ulong> ids, CancellationToken cancellation) => Task.CompletedTask;

    public Task DropAsync(CancellationToken cancellation) => Task.CompletedTask;
}
