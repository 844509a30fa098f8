using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Rapid.Protocol.V1;
using StackExchange.Redis;

namespace Rapid.Replay.Stores;

/// <summary>What Redis knows of a table.</summary>
internal sealed record RecoveredTable(
    TableDefinition Definition,
    string Incarnation,
    string? Signature,
    ulong NextId,
    long InsertedSteps,
    IReadOnlyList<(ulong Id, int Steps, int Bytes)> Blocks,
    IReadOnlyDictionary<string, ulong> Producers);

/// <summary>
/// Keeps a table in Redis. All keys of a table share a hash tag, so that a cluster keeps them together and one transaction covers them:
/// <c>rapid:{table}:blocks</c> (hash: id to block), <c>:sizes</c> (hash: id to steps and bytes), <c>:producers</c> (hash: producer to
/// newest sequence), <c>:about</c> (hash: definition, incarnation, signature, newest: id of the newest block and steps stored up to it);
/// <c>rapid:tables</c> is the set of table names. Only one replay service may use a Redis database; several share a Redis through
/// <c>defaultDatabase</c> in the connection string.
/// </summary>
internal sealed class RedisStore(RedisConnection redis, string table) : ITableStore
{
    private const string Tables = "rapid:tables";

    private RedisKey Blocks => $"rapid:{{{table}}}:blocks";

    private RedisKey Sizes => $"rapid:{{{table}}}:sizes";

    private RedisKey Producers => $"rapid:{{{table}}}:producers";

    private RedisKey About => $"rapid:{{{table}}}:about";

    private RedisKey Trial => $"rapid:{{{table}}}:trial";

    /// <summary>Every table that Redis holds.</summary>
    public static async Task<IReadOnlyList<RecoveredTable>> RecoverAllAsync(RedisConnection redis, CancellationToken cancellation)
    {
        await CheckRightsAsync(redis, cancellation);
        var names = await redis.DoAsync(database => database.SetMembersAsync(Tables), cancellation);
        var tables = new List<RecoveredTable>();
        foreach (var name in names)
        {
            if (await new RedisStore(redis, name!).RecoverAsync(cancellation) is { } recovered)
            {
                tables.Add(recovered);
            }
        }

        return tables;
    }

    /// <summary>Makes the table known, and empty whatever a table of that name left behind.</summary>
    public Task CreateAsync(TableDefinition definition, string incarnation, CancellationToken cancellation) => redis.DoAsync(
        async database =>
        {
            await CommitAsync(
                database,
                transaction => transaction.KeyDeleteAsync([Blocks, Sizes, Producers, About]),
                transaction => transaction.HashSetAsync(
                    About, [new HashEntry("definition", definition.ToByteArray()), new HashEntry("incarnation", incarnation)]));
            return await database.SetAddAsync(Tables, table);
        },
        cancellation);

    /// <summary>Makes sure that every master of Redis has on its disk what it confirms.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: one has not, or does not tell.</exception>
    public static async Task CheckFsyncAsync(RedisConnection redis, CancellationToken cancellation)
    {
        var settings = await redis.DoOnAllAsync(
            connection => Task.WhenAll(connection.GetServers().Where(server => server is { IsReplica: false, IsConnected: true })
                .Select(server => server.ConfigGetAsync("append*"))),
            cancellation);
        foreach (var (setting, needed) in new[] { ("appendonly", "yes"), ("appendfsync", "always") })
        {
            var values = settings.Select(server => server.FirstOrDefault(entry => entry.Key == setting).Value);
            if (values.FirstOrDefault(value => value != needed, needed) is var value && value != needed)
            {
                throw new RpcException(new Status(
                    StatusCode.FailedPrecondition,
                    $"definition.store is FSYNC but Redis runs with {setting} {value}; set 'appendonly yes' and 'appendfsync always' in "
                        + "redis.conf, or use REDIS"));
            }
        }
    }

    /// <summary>Makes sure that Redis allows every command of this store, on a key that no table uses.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: which one it refuses, and why.</exception>
    private static async Task CheckRightsAsync(RedisConnection redis, CancellationToken cancellation)
    {
        var nobodys = new RedisStore(redis, "");
        await redis.DoAsync(
            async database =>
            {
                try
                {
                    await nobodys.TryCommandsAsync(database);
                    await nobodys.CommitAsync(database, transaction => transaction.KeyDeleteAsync(nobodys.Trial));
                }
                catch (RedisServerException refused) when (refused.Kind == RedisErrorKind.ExecAbort)
                {
                    // What is in the transaction was allowed alone, so it is EXEC that is not.
                    throw new RedisServerException(RedisErrorKind.NoPermission, refused.Flags, refused.Message);
                }

                await database.SetAddAsync(Tables, "");
                return await database.SetRemoveAsync(Tables, "");
            },
            cancellation);
    }

    public Task AppendAsync(
        ulong id,
        Trajectory block,
        string signature,
        IReadOnlyList<string> forgotten,
        IReadOnlyCollection<ulong> removed,
        CancellationToken cancellation)
    {
        var bytes = block.ToByteArray();
        var steps = (long)block.Steps * block.Environments;
        RedisValue[] idle = [.. forgotten.Select(producer => (RedisValue)producer)];
        RedisValue[] gone = [.. removed.Select(block => (RedisValue)block)];
        HashEntry[] about =
        [
            new("signature", signature),
            new("newest", string.Create(CultureInfo.InvariantCulture, $"{id} {(long)id * steps}")),
        ];
        return redis.DoAsync(
            async database =>
            {
                await CommitAsync(
                    database,
                    transaction => idle.Length > 0 ? transaction.HashDeleteAsync(Producers, idle) : Task.CompletedTask,
                    transaction => gone.Length > 0 ? transaction.HashDeleteAsync(Blocks, gone) : Task.CompletedTask,
                    transaction => gone.Length > 0 ? transaction.HashDeleteAsync(Sizes, gone) : Task.CompletedTask,
                    transaction => transaction.HashSetAsync(Blocks, id, bytes),
                    transaction =>
                        transaction.HashSetAsync(Sizes, id, string.Create(CultureInfo.InvariantCulture, $"{steps} {bytes.Length}")),
                    transaction => transaction.HashSetAsync(Producers, block.Producer, block.Sequence),
                    transaction => transaction.HashSetAsync(About, about));
                return true;
            },
            cancellation);
    }

    public async Task<Trajectory?> LoadAsync(ulong id, CancellationToken cancellation)
    {
        using var bytes = await redis.DoAsync(database => database.HashGetLeaseAsync(Blocks, id), cancellation);
        return bytes is null ? null : Trajectory.Parser.ParseFrom(bytes.Span);
    }

    public Task ReportLossAsync(ulong id, CancellationToken cancellation)
    {
        redis.ReportLoss(table, id);
        return RemoveAsync([id], cancellation);
    }

    public Task RemoveAsync(IReadOnlyCollection<ulong> ids, CancellationToken cancellation)
    {
        RedisValue[] names = [.. ids.Select(id => (RedisValue)id)];
        return redis.DoAsync(
            async database =>
            {
                await CommitAsync(
                    database, transaction => transaction.HashDeleteAsync(Blocks, names), transaction =>
                        transaction.HashDeleteAsync(Sizes, names));
                return true;
            },
            cancellation);
    }

    public Task DropAsync(CancellationToken cancellation) => redis.DoAsync(
        async database =>
        {
            await database.KeyDeleteAsync([Blocks, Sizes, Producers, About]);
            return await database.SetRemoveAsync(Tables, table);
        },
        cancellation);

    /// <summary>Does all of it or nothing, in one round trip.</summary>
    private async Task CommitAsync(IDatabase database, params Func<ITransaction, Task>[] commands)
    {
        var transaction = database.CreateTransaction();
        var replies = Array.ConvertAll(commands, command => command(transaction));
        try
        {
            if (!await transaction.ExecuteAsync())
            {
                throw new TimeoutException("Redis discarded the transaction");
            }
        }
        catch (RedisServerException refused) when (refused.Kind == RedisErrorKind.ExecAbort)
        {
            // It does not say which command was refused, and why: one by one they do.
            await TryCommandsAsync(database);
            throw;
        }

        await Task.WhenAll(replies);
    }

    /// <summary>Each command that a transaction of this store is made of, alone, on a key that holds nothing afterwards.</summary>
    private async Task TryCommandsAsync(IDatabase database)
    {
        await database.HashSetAsync(Trial, "field", 1);
        await database.HashSetAsync(Trial, [new HashEntry("field", 1), new HashEntry("other", 1)]);
        await database.HashGetAsync(Trial, "field");
        await database.HashGetAllAsync(Trial);
        await database.HashDeleteAsync(Trial, "field");
        await database.KeyDeleteAsync(Trial);
    }

    private async Task<RecoveredTable?> RecoverAsync(CancellationToken cancellation)
    {
        var about = (await redis.DoAsync(database => database.HashGetAllAsync(About), cancellation))
            .ToDictionary(entry => (string)entry.Name!, entry => entry.Value);
        if (!about.TryGetValue("definition", out var definition) || !about.TryGetValue("incarnation", out var incarnation))
        {
            return null;
        }

        var sizes = await redis.DoAsync(database => database.HashGetAllAsync(Sizes), cancellation);
        var producers = await redis.DoAsync(database => database.HashGetAllAsync(Producers), cancellation);
        List<(ulong Id, int Steps, int Bytes)> blocks =
        [
            .. sizes.Select(entry =>
            {
                var parts = ((string)entry.Value!).Split(' ');
                return ((ulong)entry.Name, int.Parse(parts[0], CultureInfo.InvariantCulture),
                    int.Parse(parts[1], CultureInfo.InvariantCulture));
            }).OrderBy(block => block.Item1),
        ];

        // Appends that overtook each other may have left an older one as the newest.
        var (newest, inserted) = blocks.Count > 0 ? (blocks[^1].Id, (long)blocks[^1].Id * blocks[^1].Steps) : (0ul, 0L);
        if (about.TryGetValue("newest", out var noted))
        {
            var parts = ((string)noted!).Split(' ');
            newest = Math.Max(newest, ulong.Parse(parts[0], CultureInfo.InvariantCulture));
            inserted = Math.Max(inserted, long.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        return new RecoveredTable(
            TableDefinition.Parser.ParseFrom((byte[])definition!),
            incarnation!,
            about.TryGetValue("signature", out var signature) ? (string?)signature : null,
            newest + 1,
            inserted,
            blocks,
            producers.ToDictionary(entry => (string)entry.Name!, entry => (ulong)entry.Value));
    }
}
