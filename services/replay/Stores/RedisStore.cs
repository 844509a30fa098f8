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
/// newest
/// sequence), <c>:about</c> (hash: definition, incarnation, signature,
/// newest: id of the newest block and steps stored up to it); <c>rapid:tables</c> is the set of table names. Only one replay service
/// may use a Redis database; several share a Redis through <c>defaultDatabase</c> in the connection string.
/// </summary>
internal sealed class RedisStore(RedisConnection redis, string table) : ITableStore
{
    private const string Tables = "rapid:tables";

    private RedisKey Blocks => $"rapid:{{{table}}}:blocks";

    private RedisKey Sizes => $"rapid:{{{table}}}:sizes";

    private RedisKey Producers => $"rapid:{{{table}}}:producers";

    private RedisKey About => $"rapid:{{{table}}}:about";

    /// <summary>Every table that Redis holds.</summary>
    public static async Task<IReadOnlyList<RecoveredTable>> RecoverAllAsync(RedisConnection redis, CancellationToken cancellation)
    {
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

    /// <summary>Makes sure that Redis has on its disk what it confirms.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: it has not, or does not tell.</exception>
    public static async Task CheckFsyncAsync(RedisConnection redis, CancellationToken cancellation)
    {
        foreach (var (setting, needed) in new[] { ("appendonly", "yes"), ("appendfsync", "always") })
        {
            string? value;
            try
            {
                var reply = await redis.DoAsync(database => database.ExecuteAsync("CONFIG", "GET", setting), cancellation);
                value = ((RedisValue[]?)reply)?.ElementAtOrDefault(1);
            }
            catch (RedisServerException refused)
            {
                throw new RpcException(new Status(
                    StatusCode.FailedPrecondition,
                    $"definition.store is FSYNC but Redis does not tell its settings ({refused.Message}); allow CONFIG GET, or use REDIS"));
            }

            if (value != needed)
            {
                throw new RpcException(new Status(
                    StatusCode.FailedPrecondition,
                    $"definition.store is FSYNC but Redis runs with {setting} {value}; set 'appendonly yes' and 'appendfsync always' in "
                        + "redis.conf, or use REDIS"));
            }
        }
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
        RedisValue[] gone = [.. removed.Select(block => (RedisValue)Name(block))];
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
                    transaction => transaction.HashSetAsync(Blocks, Name(id), bytes),
                    transaction =>
                        transaction.HashSetAsync(Sizes, Name(id), string.Create(CultureInfo.InvariantCulture, $"{steps} {bytes.Length}")),
                    transaction =>
                        transaction.HashSetAsync(Producers, block.Producer, block.Sequence.ToString(CultureInfo.InvariantCulture)),
                    transaction => transaction.HashSetAsync(About, about));
                return true;
            },
            cancellation);
    }

    public async Task<Trajectory?> LoadAsync(ulong id, CancellationToken cancellation)
    {
        byte[]? bytes = await redis.DoAsync(database => database.HashGetAsync(Blocks, Name(id)), cancellation);
        return bytes is null ? null : Trajectory.Parser.ParseFrom(bytes);
    }

    public Task ReportLossAsync(ulong id, CancellationToken cancellation)
    {
        redis.ReportLoss(table, id);
        return RemoveAsync([id], cancellation);
    }

    public Task RemoveAsync(IReadOnlyCollection<ulong> ids, CancellationToken cancellation)
    {
        RedisValue[] names = [.. ids.Select(id => (RedisValue)Name(id))];
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
    private static async Task CommitAsync(IDatabase database, params Func<ITransaction, Task>[] commands)
    {
        var transaction = database.CreateTransaction();
        var replies = Array.ConvertAll(commands, command => command(transaction));
        if (!await transaction.ExecuteAsync())
        {
            throw new TimeoutException("Redis discarded the transaction");
        }

        await Task.WhenAll(replies);
    }

    private static string Name(ulong id) => id.ToString(CultureInfo.InvariantCulture);

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
                return (Parse(entry.Name!), int.Parse(parts[0], CultureInfo.InvariantCulture),
                    int.Parse(parts[1], CultureInfo.InvariantCulture));
            }).OrderBy(block => block.Item1),
        ];

        // Appends that overtook each other may have left an older one as the newest.
        var (newest, inserted) = blocks.Count > 0 ? (blocks[^1].Id, (long)blocks[^1].Id * blocks[^1].Steps) : (0ul, 0L);
        if (about.TryGetValue("newest", out var noted))
        {
            var parts = ((string)noted!).Split(' ');
            (newest, inserted) = (Math.Max(newest, Parse(parts[0])), Math.Max(inserted, (long)Parse(parts[1])));
        }

        return new RecoveredTable(
            TableDefinition.Parser.ParseFrom((byte[])definition!),
            incarnation!,
            about.TryGetValue("signature", out var signature) ? (string?)signature : null,
            newest + 1,
            inserted,
            blocks,
            producers.ToDictionary(entry => (string)entry.Name!, entry => Parse(entry.Value!)));
    }

    private static ulong Parse(string? text) => ulong.Parse(text!, CultureInfo.InvariantCulture);
}
