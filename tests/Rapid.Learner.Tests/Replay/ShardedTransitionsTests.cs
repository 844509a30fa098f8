using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Agents;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.Sac;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using TorchSharp;

namespace Rapid.Learner.Tests.Replay;

/// <summary>A table of transitions that is spread over two real replay services.</summary>
public class ShardedTransitionsTests
{
    private const int Size = 3, Batch = 8, Steps = 10, Buffers = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static readonly TableDefinition Table = new()
    {
        Name = "run/transitions",
        Kind = TableKind.Uniform,
        Items = ItemKind.Transition,
        Store = StoreKind.Memory,
        CapacitySteps = 10_000,
        MinimumSteps = 1,
    };

    [Fact]
    public async Task Shards_take_turns_in_proportion_to_what_they_hold()
    {
        await using var services = await ReplayServices.StartAllAsync(2);
        var shards = OpenShards(services);
        await using var table = new Sharded<ReceivedBatch>(shards, Spread.Everywhere);
        await table.CreateAsync(default);
        await services.AppendAsync(0, Table.Name, [.. Enumerable.Range(1, 6).Select(sequence => Block("a", sequence, 1))]);
        await services.AppendAsync(1, Table.Name, [.. Enumerable.Range(1, 2).Select(sequence => Block("b", sequence, -1))]);
        Assert.Equal(80ul, await table.CreateAsync(default));

        await table.RequestAsync(400, default);
        var counts = new int[2];
        var (inserted, held) = (0ul, 0ul);
        for (var i = 0; i < 400; i++)
        {
            // Both have batches on their way before each turn, so that turns alone decide.
            await LearnerAndReplay.Until(() => shards.All(shard => shard.Look().Ready > 0));
            var batch = (await table.ReadAsync(default).AsTask().WaitAsync(Patience))!;
            counts[batch.Shard]++;
            var rewards = TensorMemory.Floats(batch.Transitions.Rewards).ToArray();
            Assert.All(rewards, reward => Assert.Equal(batch.Shard == 0 ? 1 : -1, reward));
            await table.ReleaseAsync([batch], default);
            (inserted, held) = (table.InsertedSteps, table.HeldSteps);
        }

        Assert.Equal([300, 100], counts);
        Assert.Equal((80ul, 80ul), (inserted, held));
    }

    [Fact]
    public async Task A_lost_shard_stops_nobody_and_takes_part_again_when_it_is_back()
    {
        await using var services = await ReplayServices.StartAllAsync(2);
        await using var table = Open(services);
        await table.CreateAsync(default);
        await services.AppendAsync(0, Table.Name, Block("a", 1, 1));
        await services.AppendAsync(1, Table.Name, Block("b", 1, -1));
        await table.RequestAsync(1_000_000, default);
        await ReadUntilAsync(table, batch => batch.Shard == 1);

        await services.StopAsync(1);
        for (var i = 0; i < 50; i++)
        {
            await table.ReleaseAsync([(await table.ReadAsync(default).AsTask().WaitAsync(Patience))!], default);
        }

        Assert.Equal(20ul, await table.CreateAsync(default).WaitAsync(Patience));
        await services.StartAsync(1);
        await table.CreateAsync(default).WaitAsync(Patience);
        await services.AppendAsync(1, Table.Name, Block("b", 2, -2));
        await ReadUntilAsync(table, batch => batch.Shard == 1 && TensorMemory.Floats(batch.Transitions.Rewards)[0] == -2);
    }

    [Fact]
    public async Task Observations_are_measured_over_all_shards()
    {
        await using var services = await ReplayServices.StartAllAsync(2);
        await using var table = Open(services);
        await table.CreateAsync(default);
        await services.AppendAsync(0, Table.Name, Block("a", 1, 1), Block("a", 2, 1), Block("a", 3, 1));
        await services.AppendAsync(1, Table.Name, Block("b", 1, -1));
        var statistics = await table.MeasureObservationsAsync(Size, default);
        Assert.Equal(40, statistics.Count);
        Assert.Equal(0.5, statistics.Mean[0], 6);
        Assert.Equal(0.75, statistics.Variance[0], 6);
    }

    private static async Task ReadUntilAsync(Sharded<ReceivedBatch> table, Func<ReceivedBatch, bool> isIt)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            Assert.True(DateTime.UtcNow < deadline, "the batch that was waited for did not come");
            var batch = (await table.ReadAsync(default).AsTask().WaitAsync(Patience))!;
            var isFound = isIt(batch);
            await table.ReleaseAsync([batch], default);
            if (isFound)
            {
                return;
            }
        }
    }

    private static Sharded<ReceivedBatch> Open(ReplayServices services) => new(OpenShards(services), Spread.Everywhere);

    private static TableClient<ReceivedBatch>[] OpenShards(ReplayServices services) =>
    [
        .. services.Options.Replay.Select((address, shard) => new TableClient<ReceivedBatch>(
            Channels.Open(address, services.Options), Table, Protocol(Batch, Buffers), NullLogger.Instance, shard)),
    ];

    internal static TransitionProtocol Protocol(int batchSize, int prefetch)
    {
        var sac = new SacOptions { BatchSize = batchSize };
        var options = new ExperimentOptions { Name = "test", Environment = new EnvironmentOptions { Name = "none" }, Algorithm = sac };
        var layout = ExperimentPolicy.LayoutOf(options, BoxSpace.Unbounded(Size), new BoxSpace([-1f], [1f]));
        return new TransitionProtocol(Table.Name, batchSize, null, prefetch, () => new TransitionBatch(layout, sac, torch.CPU), null);
    }

    internal static Trajectory Block(string producer, int sequence, float number)
    {
        var block = new Trajectory { Producer = producer, Sequence = (ulong)sequence, Steps = Steps, Environments = 1 };
        block.Add<float>(TrajectoryColumns.Observations, [.. Enumerable.Repeat(number, (Steps + 1) * Size)], Steps + 1, 1, Size);
        block.Add<float>(TrajectoryColumns.Actions, new float[Steps], Steps, 1, 1);
        block.Add<float>(TrajectoryColumns.Rewards, [.. Enumerable.Repeat(number, Steps)], Steps, 1);
        block.Add<byte>(TrajectoryColumns.Terminated, new byte[Steps], Steps, 1);
        block.Add<byte>(TrajectoryColumns.Truncated, new byte[Steps], Steps, 1);
        block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, Size);
        return block;
    }
}
