using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Protocol.V1;
using Rapid.Redis;
using Rapid.Replay.Tables;
using StackExchange.Redis;

namespace Rapid.Replay.Stores;

/// <summary>
/// Keeps a table in Redis. All keys of a table share a hash tag, so that a cluster keeps them together and one transaction covers them:
/// <c>rapid:{table}:blocks</c> (hash: id to block), <c>:sizes</c> (hash: id to steps and bytes), <c>:producers</c> (hash: producer to
/// newest sequence), <c>:about</c> (hash: definition, incarnation, signature, newest: id of the newest block and steps stored up to it,
/// fence: token of the service that may write, highest: priority, epoch: of the latest owner, layout: <see cref="RedisLayout"/>),
/// <c>:priorities:id</c> (string: 8 bytes for each item of a block whose priorities were updated); <c>rapid:tables</c> is the set of table
/// names. Every write is one script, which does all or nothing and begins with the fence (<see cref="RedisScripts"/>). A table whose
/// definition Redis has lost has no fence either: it is made again, under another incarnation, so that a learner hears of the loss when the
/// service that still knows the table ends.
/// </summary>
/// <param name="redis">Where.</param>
/// <param name="lease">The right to write.</param>
/// <param name="definition">The table.</param>
internal sealed partial class RedisStore(RedisConnection redis, DatabaseLease lease, TableDefinition definition) : ITableStore
{
    public const string Tables = "rapid:tables";

    // Items of one script: other commands wait for it.
    private const int MostPriorities = 1000;

    private RedisKey Blocks => $"rapid:{{{definition.Name}}}:blocks";

    private RedisKey Sizes => $"rapid:{{{definition.Name}}}:sizes";

    private RedisKey Producers => $"rapid:{{{definition.Name}}}:producers";

    private RedisKey About => $"rapid:{{{definition.Name}}}:about";

    private RedisKey Priorities => $"rapid:{{{definition.Name}}}:priorities:";

    private RedisKey[] Keys => [About, Blocks, Sizes, Producers, Priorities];

    /// <summary>Forgets whatever there is of a table that cannot be read.</summary>
    public static Task DropUnreadableAsync(RedisConnection redis, DatabaseLease lease, string name, CancellationToken cancellation) =>
        new RedisStore(redis, lease, new TableDefinition { Name = name }).DropAsync(cancellation);

    /// <summary>Makes the table known, and empty whatever a table of that name left behind.</summary>
    public Task CreateAsync(string incarnation, CancellationToken cancellation) => DoAsync(
        async database =>
        {
            await lease.EnsureAsync(database);
            await OverrideAsync(database, RedisScripts.Create, AboutOf(incarnation));
            return await database.SetAddAsync(Tables, definition.Name);
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
        return WriteAsync(
            RedisScripts.Append,
            [
                id, bytes, string.Create(CultureInfo.InvariantCulture, $"{steps} {bytes.Length}"), block.Producer, block.Sequence,
                signature, string.Create(CultureInfo.InvariantCulture, $"{id} {(long)id * steps}"), forgotten.Count,
                .. forgotten.Select(producer => (RedisValue)producer), .. removed.Select(gone => (RedisValue)gone),
            ],
            cancellation);
    }

    public async Task<Trajectory?> LoadAsync(ulong id, CancellationToken cancellation)
    {
        using var bytes = await redis.DoAsync(database => database.HashGetLeaseAsync(Blocks, id), cancellation);
        try
        {
            return bytes is null ? null : Trajectory.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            // It is as good as lost, and reported as that.
            return null;
        }
    }

    public Task ReportLossAsync(ulong id, CancellationToken cancellation)
    {
        redis.Logger.LogError(
            "Redis lost block {Id} of table {Table}; is it configured to keep what it confirmed (appendonly yes, no eviction)?", id,
            definition.Name);
        return RemoveAsync([id], cancellation);
    }

    public async Task SavePrioritiesAsync(
        IReadOnlyCollection<KeyValuePair<ulong, double>> priorities, int itemsPerBlock, double highest, CancellationToken cancellation)
    {
        foreach (var part in priorities.Chunk(MostPriorities))
        {
            var values = new List<RedisValue>(1 + 3 * part.Length) { highest.ToString("R", CultureInfo.InvariantCulture) };
            foreach (var (item, priority) in part)
            {
                var (block, index) = Math.DivRem(item, (ulong)itemsPerBlock);
                values.AddRange([block, index * sizeof(double), BitConverter.GetBytes(priority == 0 ? -0.0 : priority)]);
            }

            await WriteAsync(RedisScripts.Prioritise, [.. values], cancellation);
        }
    }

    public Task SaveEpochAsync(ulong epoch, CancellationToken cancellation) =>
        WriteAsync(RedisScripts.SaveEpoch, [Text(epoch)], cancellation);

    public Task SaveDefinitionAsync(TableDefinition definition, CancellationToken cancellation) =>
        WriteAsync(RedisScripts.SaveDefinition, [WithoutEpoch(definition)], cancellation);

    public Task RemoveAsync(IReadOnlyCollection<ulong> ids, CancellationToken cancellation) =>
        WriteAsync(RedisScripts.Remove, [.. ids.Select(id => (RedisValue)id)], cancellation);

    public Task DropAsync(CancellationToken cancellation) => DoAsync(
        async database =>
        {
            await lease.EnsureAsync(database);
            await OverrideAsync(database, RedisScripts.Drop, []);
            return await database.SetRemoveAsync(Tables, definition.Name);
        },
        cancellation);

    /// <summary>Writes behind the fence. A table without this service's fence was lost, or is to be taken up with a new token.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: another service may write, not this one.</exception>
    private Task<bool> WriteAsync(string script, RedisValue[] values, CancellationToken cancellation) => DoAsync(
        async database =>
        {
            while (await RunAsync(database, script, values) == 0)
            {
                // A table that is being dropped must not be made again.
                cancellation.ThrowIfCancellationRequested();
                await lease.EnsureAsync(database);
                cancellation.ThrowIfCancellationRequested();
                await ClaimAsync(database);
            }

            return true;
        },
        cancellation);

    /// <summary>
    /// Writes as often as it takes. What an attempt sent may still arrive when nobody answered it: the kernel goes on with it when a
    /// partition ends, after the next attempt and all that came of that. So the next one has a greater token, which fences it off.
    /// </summary>
    private Task<T> DoAsync<T>(Func<IDatabase, Task<T>> write, CancellationToken cancellation)
    {
        var triedWith = 0L;
        return redis.DoAsync(
            async database =>
            {
                if (triedWith > 0)
                {
                    await lease.EnsureAsync(database, exceeding: triedWith);
                }

                try
                {
                    return await write(database);
                }
                catch
                {
                    triedWith = lease.Token;
                    throw;
                }
            },
            cancellation);
    }

    /// <summary>Puts this service's fence around the table, and makes it again when Redis has lost it.</summary>
    /// <returns>Whether Redis had lost it.</returns>
    private async Task<bool> ClaimAsync(IDatabase database)
    {
        var isLost = await OverrideAsync(database, RedisScripts.Claim, AboutOf(Guid.NewGuid().ToString("N"))) == 2;
        if (isLost)
        {
            redis.Logger.LogError(
                "Redis lost table {Table} with the blocks that it had confirmed: they are gone when this service ends. The table is made "
                    + "again; does Redis keep what it confirmed (appendonly yes, no eviction)?", definition.Name);
            await database.SetAddAsync(Tables, definition.Name);
        }

        return isLost;
    }

    /// <summary>Of a table that is made: definition, incarnation, epoch, layout.</summary>
    private RedisValue[] AboutOf(string incarnation) =>
        [WithoutEpoch(definition), incarnation, Text(definition.Epoch), RedisLayout.Current];

    /// <summary>Does what earlier holders of the lease are fenced off by, with a greater token when the table carries one.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: another service may write, not this one.</exception>
    private async Task<long> OverrideAsync(IDatabase database, string script, RedisValue[] values)
    {
        long reply;
        while ((reply = await RunAsync(database, script, values)) < 0)
        {
            await lease.EnsureAsync(database, exceeding: -reply);
        }

        return reply;
    }

    private async Task<long> RunAsync(IDatabase database, string script, RedisValue[] values) =>
        (long)await RedisRights.RunAsync(database, script, Keys, [lease.Token, .. values]);

    private static byte[] WithoutEpoch(TableDefinition definition) => new TableDefinition(definition) { Epoch = 0 }.ToByteArray();

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
