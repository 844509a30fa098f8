using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Protocol.V1;
using Rapid.Replay.Stores;

namespace Rapid.Replay.Tables;

/// <summary>All tables of this service.</summary>
internal sealed class TableRegistry(RedisConnection redis, MemoryBudget memory, ILogger<TableRegistry> logger) : IDisposable
{
    private readonly Dictionary<string, QueueTable> _tables = [];
    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>Takes up the tables that Redis holds.</summary>
    public async Task RecoverAsync(CancellationToken cancellation)
    {
        if (!redis.IsConfigured)
        {
            return;
        }

        foreach (var recovered in await RedisStore.RecoverAllAsync(redis, cancellation))
        {
            var table = new QueueTable(recovered.Definition, recovered.Incarnation, new RedisStore(redis, recovered.Definition.Name), memory);
            table.Restore(recovered);
            lock (_tables)
            {
                _tables[recovered.Definition.Name] = table;
            }

            logger.LogInformation("table {Table} is back with {Blocks} blocks", recovered.Definition.Name, recovered.Blocks.Count);
        }
    }

    /// <summary>Makes a table, or finds the one with the same definition.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT, ALREADY_EXISTS, FAILED_PRECONDITION (no Redis).</exception>
    public async Task<QueueTable> CreateAsync(TableDefinition? definition, CancellationToken cancellation)
    {
        Check(definition);
        await _gate.WaitAsync(cancellation);
        try
        {
            var existing = Find(definition!.Name);
            if (existing is { Dropped.IsCancellationRequested: true })
            {
                await existing.DropAsync(cancellation);
            }
            else if (existing is not null)
            {
                return existing.Definition.Equals(definition)
                    ? existing
                    : throw new RpcException(new Status(StatusCode.AlreadyExists, $"table '{definition.Name}' exists as {existing.Definition}, not as {definition}"));
            }

            var incarnation = Guid.NewGuid().ToString("N");
            ITableStore store = new MemoryStore();
            if (definition.Store == StoreKind.Redis)
            {
                var durable = new RedisStore(redis, definition.Name);
                await durable.CreateAsync(definition, incarnation, cancellation);
                store = durable;
            }

            var table = new QueueTable(definition, incarnation, store, memory);
            lock (_tables)
            {
                _tables[definition.Name] = table;
            }

            return table;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Removes a table; false when there was none.</summary>
    public async Task<bool> DropAsync(string name, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            if (Find(name) is not { } table)
            {
                return false;
            }

            // Known until the store has forgotten it, so that a drop that was cut short can be repeated.
            await table.DropAsync(cancellation);
            lock (_tables)
            {
                _tables.Remove(name);
            }

            return true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The table of that name.</summary>
    /// <exception cref="RpcException">NOT_FOUND.</exception>
    public QueueTable Get(string name) => Find(name) ?? throw new RpcException(new Status(
        StatusCode.NotFound, $"table '{name}' does not exist; known: {string.Join(", ", All("").Select(table => table.Definition.Name))}"));

    /// <summary>Tables whose name starts with a prefix.</summary>
    public IReadOnlyList<QueueTable> All(string prefix)
    {
        lock (_tables)
        {
            return [.. _tables.Values.Where(table => table.Definition.Name.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(table => table.Definition.Name)];
        }
    }

    public void Dispose()
    {
        foreach (var table in All(""))
        {
            table.Dispose();
        }

        _gate.Dispose();
    }

    private QueueTable? Find(string name)
    {
        lock (_tables)
        {
            return _tables.GetValueOrDefault(name);
        }
    }

    private void Check(TableDefinition? definition)
    {
        var problem = definition switch
        {
            null => "the request has no definition",
            { Name.Length: 0 or > 512 } => "definition.name must have 1 to 512 characters",
            // Braces delimit what Redis Cluster hashes of a key.
            { Name: var name } when name.AsSpan().IndexOfAny('{', '}') >= 0 => $"definition.name: '{name}' must have no braces",
            { Kind: not TableKind.Queue } => $"definition.kind: {definition.Kind} is not a kind of table; known: QUEUE",
            { Store: not (StoreKind.Memory or StoreKind.Redis) } => $"definition.store: {definition.Store} is not a store; known: MEMORY, REDIS",
            { CapacitySteps: 0 or > long.MaxValue } => $"definition.capacity_steps: {definition.CapacitySteps} is out of range, allowed: >= 1",
            _ => null,
        };
        if (problem is not null)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, problem));
        }

        if (definition!.Store == StoreKind.Redis && !redis.IsConfigured)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "definition.store is REDIS but this replay service has no Redis; set RAPID_REDIS"));
        }
    }
}
