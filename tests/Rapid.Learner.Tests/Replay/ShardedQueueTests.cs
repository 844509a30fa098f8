using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Tests.Replay;

/// <summary>A queue that is spread over two real replay services.</summary>
public class ShardedQueueTests
{
    private static readonly TableDefinition Table =
        new() { Name = "run/rollouts", Kind = TableKind.Queue, Store = StoreKind.Memory, CapacitySteps = 1000 };

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Blocks_come_from_all_shards_and_are_acknowledged_where_they_came_from()
    {
        await using var services = await ReplayServices.StartAllAsync(2);
        await using (var queue = Open(services))
        {
            await queue.CreateAsync(default);
            await services.AppendAsync(0, Table.Name, Block("a", 1), Block("a", 2));
            await services.AppendAsync(1, Table.Name, Block("b", 1), Block("b", 2));
            var blocks = await ReadAsync(queue, 4);
            Assert.Equal(["a1", "a2", "b1", "b2"], blocks.Select(Name).Order());
            Assert.All(blocks, block => Assert.Equal(block.Trajectory.Producer == "a" ? 0 : 1, block.Shard));
            await queue.ReleaseAsync(blocks.Where(block => Name(block) is "a1" or "b2"), default);

            // Credits and acknowledgements travel in order: when the next blocks are here, the acknowledgements were seen.
            await services.AppendAsync(0, Table.Name, Block("a", 3));
            await services.AppendAsync(1, Table.Name, Block("b", 3));
            await ReadAsync(queue, 2);
        }

        await using var next = Open(services);
        Assert.Equal(["a2", "a3", "b1", "b3"], (await ReadAsync(next, 4)).Select(Name).Order());
    }

    [Fact]
    public async Task No_more_blocks_are_taken_than_are_wanted()
    {
        await using var services = await ReplayServices.StartAllAsync(2);
        await using var queue = Open(services);
        await queue.CreateAsync(default);
        for (ulong sequence = 1; sequence <= 3; sequence++)
        {
            await services.AppendAsync(0, Table.Name, Block("a", sequence));
            await services.AppendAsync(1, Table.Name, Block("b", sequence));
        }

        Assert.Equal(["a1", "b1"], (await ReadAsync(queue, 2)).Select(Name).Order());
        Assert.Equal(["a2", "b2"], (await ReadAsync(queue, 2)).Select(Name).Order());
        ulong[] waiting = await WaitingAsync(services);
        Assert.Equal([1ul, 1ul], waiting);
    }

    [Fact]
    public async Task A_shard_that_is_away_or_silent_holds_nobody_up_and_is_read_again_when_it_is_back()
    {
        await using var services = await ReplayServices.StartAllAsync(2);
        await using var queue = Open(services);
        await queue.CreateAsync(default);
        await services.AppendAsync(0, Table.Name, [.. Sequences(1, 4).Select(sequence => Block("a", sequence))]);

        // Silent: it has nothing.
        Assert.Equal(["a1", "a2", "a3", "a4"], (await ReadAsync(queue, 4)).Select(Name));

        // Away.
        await services.StopAsync(1);
        await services.AppendAsync(0, Table.Name, [.. Sequences(5, 8).Select(sequence => Block("a", sequence))]);
        Assert.Equal(["a5", "a6", "a7", "a8"], (await ReadAsync(queue, 4)).Select(Name));

        await services.StartAsync(1);
        var waiting = ReadAsync(queue, 1);
        await LearnerAndReplay.Until(() => HasTable(services, 1));
        await services.AppendAsync(1, Table.Name, Block("b", 1));
        Assert.Equal(["b1"], (await waiting).Select(Name));
    }

    [Fact]
    public async Task A_learner_starts_although_a_shard_is_away()
    {
        await using var services = await ReplayServices.StartAllAsync(2);
        await services.StopAsync(1);
        await using var queue = Open(services);
        await queue.CreateAsync(default).WaitAsync(Patience);
        await services.AppendAsync(0, Table.Name, Block("a", 1), Block("a", 2));
        Assert.Equal(["a1", "a2"], (await ReadAsync(queue, 2)).Select(Name));
    }

    [Theory]
    [InlineData(4, 5, false, 4)]
    [InlineData(4, 3, false, 3)]
    [InlineData(4, 5, true, 1)]
    public void Every_shard_has_a_slot_and_lockstep_has_one_shard(int services, int slots, bool lockstep, int expected) =>
        Assert.Equal(Named(services).Take(expected), Shards.ChooseFor(Named(services), Spec(slots, lockstep), first: ""));

    [Fact]
    public void Lockstep_stays_at_the_shard_that_it_has_while_that_is_there()
    {
        Assert.Equal([Named(4)[2]], Shards.ChooseFor(Named(4), Spec(5, lockstep: true), first: "shard 2"));
        Assert.Equal([Named(2)[0]], Shards.ChooseFor(Named(2), Spec(5, lockstep: true), first: "shard 2"));
        Assert.Equal(Named(4), Shards.ChooseFor(Named(4), Spec(5, lockstep: false), first: "shard 2"));
    }

    [Fact]
    public void Parts_of_a_table_add_up_and_follow_the_slots()
    {
        var whole = new TableDefinition { Name = "run/transitions", CapacitySteps = 1000, MinimumSteps = 100, Seed = 5 };
        TableDefinition[] parts = [.. Enumerable.Range(0, 2).Select(shard => Shards.PartOf(whole, shard, 2, 5))];
        Assert.Equal([600ul, 400ul], parts.Select(part => part.CapacitySteps));
        Assert.Equal([60ul, 40ul], parts.Select(part => part.MinimumSteps));
        // But for its limits a part is the same among others, so that its owner finds it again when they are more or fewer.
        Assert.All(parts, part => Assert.Equal(
            whole, new TableDefinition(part) { CapacitySteps = whole.CapacitySteps, MinimumSteps = whole.MinimumSteps }));
        Assert.Equal(whole, Shards.PartOf(whole, 0, 1, 5));
    }

    private static Shard[] Named(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Shard($"shard {i}", ServiceAddress.Parse($"http://replay-{i}:5101")))];

    private static ExperimentOptions Spec(int slots, bool lockstep) => SpecReader.ReadYaml(
        $"{{ environment: {{ name: CartPole-v1 }}, actors: {{ count: {slots} }}, lockstep: {(lockstep ? "true" : "false")} }}");

    private static Sharded<ReceivedBlock> Open(ReplayServices services) => new(
        [.. services.Options.Replay.Select((address, shard) => new TableClient<ReceivedBlock>(
            Channels.Open(address, services.Options), Table, new QueueProtocol(Table, NullLogger.Instance), NullLogger.Instance, shard))],
        Spread.Equally);

    private static async Task<List<ReceivedBlock>> ReadAsync(Sharded<ReceivedBlock> queue, int count)
    {
        List<ReceivedBlock> blocks = [];
        while (blocks.Count < count)
        {
            await queue.RequestAsync(count - blocks.Count, default);
            blocks.Add((await queue.ReadAsync(default).AsTask().WaitAsync(Patience))!);
        }

        return blocks;
    }

    private static async Task<ulong[]> WaitingAsync(ReplayServices services)
    {
        var waiting = new List<ulong>();
        foreach (var address in services.Options.Replay)
        {
            using var channel = Channels.Open(address, services.Options);
            waiting.Add((await new Protocol.V1.Replay.ReplayClient(channel).StatsAsync(new StatsRequest())).Tables[0].Blocks);
        }

        return [.. waiting];
    }

    private static bool HasTable(ReplayServices services, int service)
    {
        using var channel = Channels.Open(services.Options.Replay[service], services.Options);
        return new Protocol.V1.Replay.ReplayClient(channel).Stats(new StatsRequest()).Tables.Count > 0;
    }

    private static IEnumerable<ulong> Sequences(ulong first, ulong last)
    {
        for (; first <= last; first++)
        {
            yield return first;
        }
    }

    private static string Name(ReceivedBlock block) => $"{block.Trajectory.Producer}{block.Trajectory.Sequence}";

    private static Trajectory Block(string producer, ulong sequence)
    {
        var block = new Trajectory { Producer = producer, Sequence = sequence, Steps = 4, Environments = 1, PolicyVersion = 1 };
        block.Add<float>(TrajectoryColumns.Rewards, [1, 1, 1, 1], 4, 1);
        block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, 3);
        return block;
    }
}
