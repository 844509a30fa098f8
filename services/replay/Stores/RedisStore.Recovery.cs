using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Rapid.Protocol.V1;
using Rapid.Redis;
using Rapid.Replay.Tables;
using StackExchange.Redis;

namespace Rapid.Replay.Stores;

/// <content>Takes up what Redis holds when the service starts.</content>
internal sealed partial class RedisStore
{
    /// <summary>Every table that Redis holds, and those that cannot be read with the reason.</summary>
    public static async Task<(IReadOnlyList<RecoveredTable> Tables, IReadOnlyDictionary<string, string> Unreadable)> RecoverAllAsync(
        RedisConnection redis, DatabaseLease lease, CancellationToken cancellation)
    {
        var names = await redis.DoAsync(database => database.SetMembersAsync(Tables), cancellation);
        var (tables, unreadable) = (new List<RecoveredTable>(), new Dictionary<string, string>());
        foreach (string? name in names)
        {
            try
            {
                tables.Add(await RecoverAsync(redis, lease, name!, cancellation));
            }
            catch (InvalidDataException damaged)
            {
                unreadable.Add(name!, damaged.Message);
            }
            catch (Exception error) when (error is InvalidProtocolBufferException or FormatException or OverflowException
                or IndexOutOfRangeException)
            {
                unreadable.Add(name!, $"its definition or the sizes of its blocks cannot be read ({error.Message})");
            }
            catch (RpcException refused) when (refused.Status.DebugException is RedisServerException { Kind: RedisErrorKind.WrongType })
            {
                unreadable.Add(name!, "one of its keys is of another type");
            }
        }

        return (tables, unreadable);
    }

    /// <summary>Brings a table of an earlier layout to this program's, in one step, unless it cannot be read.</summary>
    private async Task MigrateAsync(Dictionary<string, RedisValue> about, CancellationToken cancellation)
    {
        if (about.ContainsKey("layout") || !about.TryGetValue("definition", out var bytes))
        {
            return;
        }

        var earlier = TableDefinition.Parser.ParseFrom((byte[])bytes!);
        var epoch = Math.Max(earlier.Epoch, about.TryGetValue("epoch", out var latest) ? Number(latest) : 0);
        RedisValue[] values = [WithoutEpoch(earlier), Text(epoch), RedisLayout.Current];
        await DoAsync(database => OverrideAsync(database, RedisScripts.Migrate, values), cancellation);
        (about["definition"], about["epoch"], about["layout"]) = (values[0], values[1], values[2]);
    }

    /// <exception cref="InvalidDataException">What Redis holds of the table cannot be read.</exception>
    private static async Task<RecoveredTable> RecoverAsync(
        RedisConnection redis, DatabaseLease lease, string name, CancellationToken cancellation)
    {
        var keys = new RedisStore(redis, lease, new TableDefinition { Name = name });
        var about = await keys.AboutAsync(cancellation);
        await keys.MigrateAsync(about, cancellation);
        var table = new RedisStore(redis, lease, DefinitionOf(name, about));

        // First the fence: what a service that has died sent may still arrive, and must not change what is being read.
        await table.DoAsync(table.ClaimAsync, cancellation);
        about = await keys.AboutAsync(cancellation);
        var sizes = await redis.DoAsync(database => database.HashGetAllAsync(keys.Sizes), cancellation);
        var producers = await redis.DoAsync(database => database.HashGetAllAsync(keys.Producers), cancellation);
        var recovered = Read(DefinitionOf(name, about), about, sizes, producers);
        return TableComposition.Find(recovered.Definition)!.HasPriorities
            ? recovered with { Priorities = await keys.LoadPrioritiesAsync(recovered, cancellation) }
            : recovered;
    }

    private async Task<Dictionary<string, RedisValue>> AboutAsync(CancellationToken cancellation) =>
        (await redis.DoAsync(database => database.HashGetAllAsync(About), cancellation))
            .ToDictionary(entry => (string)entry.Name!, entry => entry.Value);

    private async Task<IReadOnlyList<(ulong Block, int Index, double Priority)>> LoadPrioritiesAsync(
        RecoveredTable recovered, CancellationToken cancellation)
    {
        var priorities = new List<(ulong Block, int Index, double Priority)>();
        foreach (var part in recovered.Blocks.Chunk(MostPriorities))
        {
            var values = await redis.DoAsync(
                database => Task.WhenAll(part.Select(block => database.StringGetAsync(Priorities.Append(Text(block.Id))))), cancellation);
            foreach (var (block, value) in part.Zip(values))
            {
                var known = MemoryMarshal.Cast<byte, double>((byte[]?)value ?? []);
                for (var i = 0; i < known.Length; i++)
                {
                    // What was never updated is zeros; a priority of 0 has a sign.
                    if (BitConverter.DoubleToInt64Bits(known[i]) != 0)
                    {
                        priorities.Add((block.Id, i, Math.Abs(known[i])));
                    }
                }
            }
        }

        return priorities;
    }

    /// <exception cref="InvalidDataException">It is missing, another's, or none that this program knows.</exception>
    private static TableDefinition DefinitionOf(string name, Dictionary<string, RedisValue> about)
    {
        if (!about.TryGetValue("definition", out var bytes) || !about.ContainsKey("incarnation")
            || !about.TryGetValue("epoch", out var epoch))
        {
            throw new InvalidDataException("its definition is missing");
        }

        if (RedisLayout.Read(about["layout"]) > RedisLayout.Current)
        {
            throw new InvalidDataException(
                $"its layout is {(string?)about["layout"]}, and this program knows layouts up to {RedisLayout.Current}");
        }

        try
        {
            var definition = TableRules.Check(TableDefinition.Parser.ParseFrom((byte[])bytes!));
            if (definition.Name != name || definition.Store == StoreKind.Memory)
            {
                throw new InvalidDataException($"its definition is that of {definition.Store} table '{definition.Name}'");
            }

            definition.Epoch = Number(epoch);
            return definition;
        }
        catch (RpcException impossible)
        {
            throw new InvalidDataException($"its definition is none that this service knows ({impossible.Status.Detail})", impossible);
        }
    }

    private static RecoveredTable Read(
        TableDefinition definition, Dictionary<string, RedisValue> about, HashEntry[] sizes, HashEntry[] producers)
    {
        List<(ulong Id, int Steps, int Bytes)> blocks =
        [
            .. sizes.Select(entry =>
            {
                var parts = ((string)entry.Value!).Split(' ');
                return (Number(entry.Name), checked((int)Number(parts[0])), checked((int)Number(parts[1])));
            }).OrderBy(block => block.Item1),
        ];

        // Appends that overtook each other may have left an older one as the newest.
        var (newest, inserted) = blocks.Count > 0 ? (blocks[^1].Id, (long)blocks[^1].Id * blocks[^1].Steps) : (0ul, 0L);
        if (about.TryGetValue("newest", out var noted))
        {
            var parts = ((string)noted!).Split(' ');
            newest = Math.Max(newest, Number(parts[0]));
            inserted = Math.Max(inserted, checked((long)Number(parts[1])));
        }

        return new RecoveredTable(
            definition,
            about["incarnation"]!,
            about.TryGetValue("signature", out var signature) ? (string?)signature : null,
            newest + 1,
            inserted,
            blocks,
            producers.ToDictionary(entry => (string)entry.Name!, entry => Number(entry.Value)))
        {
            HighestPriority = about.TryGetValue("highest", out var highest)
                ? double.Parse((string)highest!, CultureInfo.InvariantCulture)
                : 1,
        };
    }

    private static ulong Number(RedisValue text) => ulong.Parse((string)text!, NumberStyles.None, CultureInfo.InvariantCulture);
}
