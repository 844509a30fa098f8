using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Rapid.Redis;
using Rapid.Replay.Checkpoints;
using Rapid.Replay.Storage;
using Rapid.Replay.Stores;
using Rapid.Replay.Tables;

namespace Rapid.Replay;

/// <summary>All tables of this service.</summary>
internal sealed class TableRegistry(
    RedisConnection redis, DatabaseLease lease, MemoryBudget memory, CheckpointDirectory checkpoints, ServiceOptions options,
    ILogger<TableRegistry> logger)
        : IDisposable
{
    // A status travels in headers, whose size clients limit.
    private const int MostNamed = 20;

    private readonly Dictionary<string, ReplayTable> _tables = [];
    private readonly Dictionary<string, string> _setAside = [];
    private readonly NameLocks _changing = new();

    /// <summary>Takes up the tables that Redis holds. One that cannot be taken up is set aside, and stays in Redis.</summary>
    public async Task RecoverAsync(CancellationToken cancellation)
    {
        var (tables, unreadable) = await RedisStore.RecoverAllAsync(redis, lease, cancellation);
        foreach (var (name, problem) in unreadable)
        {
            SetAside(name, problem);
        }

        foreach (var recovered in tables)
        {
            await TakeUpAsync(recovered, cancellation);
        }
    }

    /// <summary>Makes a table, or finds the one with the same definition.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT, ALREADY_EXISTS, OUT_OF_RANGE (a later owner has it),
    /// FAILED_PRECONDITION (no Redis, or none that keeps what FSYNC promises), RESOURCE_EXHAUSTED.</exception>
    public async Task<ReplayTable> CreateAsync(TableDefinition? requested, CancellationToken cancellation)
    {
        var definition = TableRules.Check(requested);
        TableRules.CheckMemory(definition, memory);
        if (definition.Store != StoreKind.Memory && !redis.IsConfigured)
        {
            throw new RpcException(new Status(
                StatusCode.FailedPrecondition,
                $"definition.store is {definition.Store} but this replay service has no Redis; set RAPID_REDIS"));
        }

        using (await _changing.TakeAsync(definition.Name, cancellation))
        {
            var existing = Find(definition.Name);
            if (existing is { Dropped.IsCancellationRequested: true })
            {
                await existing.DropAsync(cancellation);
            }
            else if (existing is not null)
            {
                await existing.AdmitAsync(definition.Epoch, cancellation);
                if (!TableRules.IsSame(existing.Definition, definition))
                {
                    throw new RpcException(
                        new Status(StatusCode.AlreadyExists,
                            $"table '{definition.Name}' exists as {existing.Definition}, not as {definition}"));
                }

                await existing.LimitAsync(definition, cancellation);
                return existing;
            }

            CheckRoom();
            var incarnation = Guid.NewGuid().ToString("N");
            ITableStore store = new MemoryStore();
            if (definition.Store != StoreKind.Memory)
            {
                if (definition.Store == StoreKind.Fsync)
                {
                    await RedisStore.CheckFsyncAsync(redis, cancellation);
                }

                var durable = new RedisStore(redis, lease, definition);
                await durable.CreateAsync(incarnation, cancellation);
                store = durable;
            }

            var table = Make(definition, incarnation, store);
            lock (_tables)
            {
                _tables[definition.Name] = table;
            }

            return table;
        }
    }

    /// <summary>Makes a memory table from a checkpoint.</summary>
    /// <param name="checkpoint">Name of the checkpoint.</param>
    /// <param name="name">Name of the table; empty: the one it had.</param>
    /// <param name="cancellation">Gives up; there is no table then.</param>
    /// <exception cref="RpcException">ALREADY_EXISTS, NOT_FOUND, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, DATA_LOSS,
    /// FAILED_PRECONDITION.</exception>
    public async Task<ReplayTable> RestoreAsync(string checkpoint, string name, CancellationToken cancellation)
    {
        var (state, saved) = await checkpoints.OpenAsync(checkpoint, cancellation);
        if (name.Length > 0)
        {
            saved.Name = name;
        }

        var definition = TableRules.Check(saved);
        TableRules.CheckMemory(definition, memory);
        using (await _changing.TakeAsync(definition.Name, cancellation))
        {
            if (Find(definition.Name) is not null)
            {
                throw new RpcException(
                    new Status(StatusCode.AlreadyExists,
                        $"table '{definition.Name}' exists; drop it first, or restore under another name"));
            }

            CheckRoom();
            var made = Make(definition, Guid.NewGuid().ToString("N"), new MemoryStore());
            if (made is not RingTable table)
            {
                throw CheckpointDirectory.Damaged(checkpoint, "it is one of a queue, which has none");
            }

            try
            {
                await foreach (var block in checkpoints.ReadAsync(checkpoint, state, cancellation))
                {
                    if (table.Import(block, state.Signature) is { } problem)
                    {
                        throw CheckpointDirectory.Damaged(checkpoint, problem);
                    }
                }

                table.Import(state);
            }
            catch
            {
                table.Dispose();
                throw;
            }

            lock (_tables)
            {
                _tables[definition.Name] = table;
            }

            return table;
        }
    }

    /// <summary>Removes a table, also one that was set aside; false when there was none.</summary>
    /// <exception cref="RpcException">OUT_OF_RANGE: the table has a later owner.</exception>
    public async Task<bool> DropAsync(string name, ulong epoch, CancellationToken cancellation)
    {
        using (await _changing.TakeAsync(name, cancellation))
        {
            if (IsSetAside(name))
            {
                await RedisStore.DropUnreadableAsync(redis, lease, name, cancellation);
                lock (_tables)
                {
                    return _setAside.Remove(name);
                }
            }

            if (Find(name) is not { } table)
            {
                return false;
            }

            await table.AdmitAsync(epoch, cancellation);

            // Known until the store has forgotten it, so that a drop that was cut short can be repeated.
            await table.DropAsync(cancellation);
            lock (_tables)
            {
                _tables.Remove(name);
            }

            return true;
        }
    }

    /// <summary>The table of that name.</summary>
    /// <exception cref="RpcException">NOT_FOUND.</exception>
    public ReplayTable Get(string name) => Find(name) ?? throw new RpcException(new Status(
        StatusCode.NotFound,
        $"table '{name}' does not exist; known: {string.Join(", ", All("").Select(table => table.Definition.Name).Take(MostNamed))}"));

    /// <summary>The table of that name, which is no queue.</summary>
    /// <exception cref="RpcException">NOT_FOUND, FAILED_PRECONDITION.</exception>
    public RingTable GetRing(string name) => Get(name) as RingTable ?? throw new RpcException(new Status(
        StatusCode.FailedPrecondition,
        $"table '{name}' is a queue, whose blocks are gone once they are used; this is for the other kinds"));

    /// <summary>Tables whose name starts with a prefix.</summary>
    public IReadOnlyList<ReplayTable> All(string prefix)
    {
        lock (_tables)
        {
            return [.. _tables.Values.Where(table => table.Definition.Name.StartsWith(prefix, StringComparison.Ordinal))
                .OrderBy(table => table.Definition.Name)];
        }
    }

    public void Dispose()
    {
        foreach (var table in All(""))
        {
            table.Dispose();
        }

    }

    /// <summary>Takes up a table that Redis holds, or sets it aside.</summary>
    private async Task TakeUpAsync(RecoveredTable recovered, CancellationToken cancellation)
    {
        var name = recovered.Definition.Name;
        var store = new RedisStore(redis, lease, recovered.Definition);
        var table = Make(recovered.Definition, recovered.Incarnation, store);
        try
        {
            await table.RestoreAsync(recovered, cancellation);
        }
        catch (InvalidOperationException refused)
        {
            table.Dispose();
            SetAside(name, refused.Message);
            return;
        }

        lock (_tables)
        {
            _tables[name] = table;
        }

        if (recovered.Definition.Store == StoreKind.Fsync)
        {
            await WarnUnlessFsyncAsync(name, cancellation);
        }

        logger.LogInformation("table {Table} is back with {Blocks} blocks", name, recovered.Blocks.Count);
    }

    private void SetAside(string name, string problem)
    {
        lock (_tables)
        {
            _setAside[name] = problem;
        }

        logger.LogError("{Problem}", WhySetAside(name, problem));
    }

    private bool IsSetAside(string name)
    {
        lock (_tables)
        {
            return _setAside.ContainsKey(name);
        }
    }

    private static string WhySetAside(string name, string problem) =>
        $"table '{name}' in Redis is set aside: {problem}. What Redis holds of it is untouched: mend it and start this service again, or "
        + "drop the table (Replay.DropTable)";

    /// <summary>What Redis was set to when the table was made may have changed; its blocks are of use all the same.</summary>
    private async Task WarnUnlessFsyncAsync(string table, CancellationToken cancellation)
    {
        try
        {
            await RedisStore.CheckFsyncAsync(redis, cancellation);
        }
        catch (RpcException broken)
        {
            logger.LogError("table {Table} no longer keeps what its store promises: {Problem}", table, broken.Status.Detail);
        }
    }

    private ReplayTable Make(TableDefinition definition, string incarnation, ITableStore store) =>
        TableComposition.Find(definition)!.Make(definition, incarnation, store, memory, options.MaxMessageBytes);

    private void CheckRoom()
    {
        lock (_tables)
        {
            if (_tables.Count >= options.Limits.Tables)
            {
                throw new RpcException(new Status(
                    StatusCode.ResourceExhausted,
                    $"this replay service has {_tables.Count} tables, more are not made (RAPID_MAX_TABLES); drop some"));
            }
        }
    }

    /// <exception cref="RpcException">FAILED_PRECONDITION: it was set aside.</exception>
    private ReplayTable? Find(string name)
    {
        lock (_tables)
        {
            return _setAside.TryGetValue(name, out var problem)
                ? throw new RpcException(new Status(StatusCode.FailedPrecondition, WhySetAside(name, problem)))
                : _tables.GetValueOrDefault(name);
        }
    }
}
