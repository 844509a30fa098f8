using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>What is cut out of blocks is what the blocks hold.</summary>
public class ItemTests
{
    private const int Steps = 8, Environments = 3, Size = Blocks.ObservationSize;

    [Fact]
    public async Task A_transition_holds_its_step_and_the_observation_that_really_followed()
    {
        using var ring = new Ring(Blocks.Ring("t"));
        var blocks = Enumerable.Range(1, 10).Select(i => Blocks.Experience((ulong)i, Steps, Environments)).ToArray();
        await ring.AppendAsync(blocks);
        var batch = ring.Draw(2000);
        Assert.Equal([2000], batch.Shape("actions"));
        Assert.Equal([2000, Size], batch.Shape("observations"));
        Assert.Equal([2000, Size], batch.Shape("next_observations"));
        Assert.DoesNotContain(batch.Columns, column => column.Name is "final_observations" or "discounts" or "weights");
        var (actions, rewards) = (batch.Read<long>("actions"), batch.Read<float>("rewards"));
        var (observations, next) = (batch.Read<float>("observations"), batch.Read<float>("next_observations"));
        var (terminated, truncated) = (batch.Read<byte>("terminated"), batch.Read<byte>("truncated"));
        for (var i = 0; i < actions.Length; i++)
        {
            var (sequence, t, n) = ((int)(actions[i] / 1000), (int)(actions[i] % 1000 / 10), (int)(actions[i] % 10));
            var row = t * Environments + n;
            Assert.Equal(actions[i] / 8f, rewards[i]);
            Assert.Equal([sequence, t, n], observations[(i * Size)..((i + 1) * Size)]);
            Assert.Equal(blocks[sequence - 1].Bytes("terminated")[row], terminated[i]);
            Assert.Equal(blocks[sequence - 1].Bytes("truncated")[row], truncated[i]);
            Assert.Equal(truncated[i] == 1 ? [-sequence, t, n] : [sequence, t + 1, n], next[(i * Size)..((i + 1) * Size)]);
        }

        Assert.Equal(10ul * Steps * Environments, batch.InsertedSteps);
        Assert.Contains((byte)1, truncated);
        Assert.Contains((byte)1, terminated);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public async Task Transitions_of_several_steps_agree_with_a_naive_loop(int steps)
    {
        const double Gamma = 0.9;
        var definition = Blocks.Ring("t");
        (definition.NSteps, definition.Gamma) = ((uint)steps, Gamma);
        using var ring = new Ring(definition);
        var blocks = Enumerable.Range(1, 6).Select(i => Blocks.Experience((ulong)i, Steps, Environments, endings: 0.2)).ToArray();
        await ring.AppendAsync(blocks);
        var batch = ring.Draw(1500);
        var (actions, rewards) = (batch.Read<long>("actions"), batch.Read<float>("rewards"));
        var discounts = steps > 1 ? batch.Read<float>("discounts") : [.. Enumerable.Repeat((float)Gamma, actions.Length)];
        var (observations, next) = (batch.Read<float>("observations"), batch.Read<float>("next_observations"));
        var (terminated, truncated) = (batch.Read<byte>("terminated"), batch.Read<byte>("truncated"));
        for (var i = 0; i < actions.Length; i++)
        {
            var (sequence, t, n) = ((int)(actions[i] / 1000), (int)(actions[i] % 1000 / 10), (int)(actions[i] % 10));
            var block = blocks[sequence - 1];
            var (sum, discount, last) = (0.0, 1.0, t);
            for (var k = 0; k < steps && t + k < Steps; k++)
            {
                last = t + k;
                sum += discount * ((sequence * 1000 + last * 10 + n) / 8f);
                discount *= Gamma;
                if ((block.Bytes("terminated")[last * Environments + n] | block.Bytes("truncated")[last * Environments + n]) != 0)
                {
                    break;
                }
            }

            var isCut = block.Bytes("truncated")[last * Environments + n];
            Assert.Equal(sum, rewards[i], 1e-6 * sum);
            Assert.Equal(discount, discounts[i], 1e-6);
            Assert.Equal([sequence, t, n], observations[(i * Size)..((i + 1) * Size)]);
            Assert.Equal(isCut == 1 ? [-sequence, last, n] : [sequence, last + 1, n], next[(i * Size)..((i + 1) * Size)]);
            Assert.Equal((block.Bytes("terminated")[last * Environments + n], isCut), (terminated[i], truncated[i]));
        }
    }

    [Theory]
    [InlineData(ItemKind.Sequence)]
    [InlineData(ItemKind.Block)]
    public async Task A_batch_of_sequences_is_shaped_as_a_block_and_loses_no_final_observation(ItemKind items)
    {
        var definition = Blocks.Ring("t");
        definition.Items = items;
        using var ring = new Ring(definition);
        await ring.AppendAsync([.. Enumerable.Range(1, 5).Select(i => Blocks.Experience((ulong)i, Steps, Environments))]);
        var buffer = Ring.Buffer(20);
        for (var round = 0; round < 3; round++)
        {
            var batch = ring.Draw(buffer);
            var width = items == ItemKind.Block ? 20 * Environments : 20;
            Assert.Equal([Steps, width], batch.Shape("actions"));
            Assert.Equal([Steps + 1, width, Size], batch.Shape("observations"));
            var (actions, observations, finals) =
                (batch.Read<long>("actions"), batch.Read<float>("observations"), batch.Read<float>("final_observations"));
            var truncated = batch.Read<byte>("truncated");
            Assert.Equal([truncated.Count(flag => flag == 1), Size], batch.Shape("final_observations"));
            var rank = 0;
            for (var t = 0; t <= Steps; t++)
            {
                for (var b = 0; b < width; b++)
                {
                    var (sequence, n) = ((int)(actions[b] / 1000), (int)(actions[b] % 10));
                    Assert.Equal(items == ItemKind.Block ? b % Environments : n, n);
                    Assert.Equal([sequence, t, n], observations.AsSpan((t * width + b) * Size, Size).ToArray());
                    if (t < Steps)
                    {
                        Assert.Equal(sequence * 1000 + t * 10 + n, actions[t * width + b]);
                        if (truncated[t * width + b] == 1)
                        {
                            Assert.Equal([-sequence, t, n], finals.AsSpan(rank++ * Size, Size).ToArray());
                        }
                    }
                }
            }

            Assert.True(rank > 0);
        }
    }

    [Fact]
    public async Task The_newest_items_come_newest_first_and_again_when_there_are_no_more()
    {
        using var ring = new Ring(Blocks.Ring("t", TableKind.Newest, capacity: 12));
        await ring.AppendAsync([.. Enumerable.Range(1, 5).Select(i => Blocks.Experience((ulong)i, 2, 2))]);
        var actions = ring.Draw(14).Read<long>("actions");
        Assert.Equal([5011, 5010, 5001, 5000, 4011, 4010, 4001, 4000, 3011, 3010, 3001, 3000, 5011, 5010], actions);
    }

    [Fact]
    public async Task A_full_table_forgets_its_oldest_block_and_a_block_larger_than_the_table_fits()
    {
        using var ring = new Ring(Blocks.Ring("t", capacity: 1));
        await ring.AppendAsync(Blocks.Experience(1), Blocks.Experience(2));
        Assert.All(ring.Draw(100).Read<long>("actions"), action => Assert.Equal(2, action / 1000));
        var info = ring.Table.Info();
        Assert.Equal((1ul, 16ul, 32ul, 1ul, 2L, 2L),
            (info.Blocks, info.Steps, info.InsertedSteps, info.EvictedBlocks, info.OldestPolicyVersion, info.NewestPolicyVersion));
    }

    [Fact]
    public async Task Every_episode_and_broken_environment_is_told_once_to_each_call()
    {
        using var ring = new Ring(Blocks.Ring("t", capacity: 40));
        var (first, second) = (Ring.Buffer(4), Ring.Buffer(4));
        var told = new List<double>();
        var expected = new List<double>();
        for (ulong i = 1; i <= 6; i++)
        {
            var block = Blocks.Experience(i);
            block.BrokenEnvironments = 2;
            expected.AddRange(block.Episodes.Select(episode => episode.Return));
            await ring.AppendAsync(block);
            var batch = ring.Draw(first);
            told.AddRange(batch.Episodes.Select(episode => episode.Return));
            Assert.Equal(2ul, batch.BrokenEnvironments);
            Assert.Empty(ring.Draw(first).Episodes);
            Assert.Equal(0ul, batch.BrokenEnvironments);
        }

        Assert.Equal(expected, told);
        Assert.Equal(expected, ring.Draw(second).Episodes.Select(episode => episode.Return));
    }

    [Fact]
    public async Task One_seed_draws_one_sequence_of_batches()
    {
        async Task<List<ulong>> DrawAsync(TableKind kind, ulong seed)
        {
            var definition = Blocks.Ring("t", kind, capacity: 64);
            definition.Seed = seed;
            using var ring = new Ring(definition);
            var ids = new List<ulong>();
            for (ulong i = 1; i <= 10; i++)
            {
                await ring.AppendAsync(Blocks.Experience(i));
                ids.AddRange(ring.Draw(16).Ids);
            }

            return ids;
        }

        foreach (var kind in new[] { TableKind.Uniform, TableKind.Prioritised })
        {
            Assert.Equal(await DrawAsync(kind, 5), await DrawAsync(kind, 5));
            Assert.NotEqual(await DrawAsync(kind, 5), await DrawAsync(kind, 6));
        }
    }

    [Fact]
    public async Task Columns_that_are_no_steps_stay_in_the_block()
    {
        using var ring = new Ring(Blocks.Ring("t"));
        var block = Blocks.Experience(1, steps: 2, environments: 3, endings: 0);
        block.Add<double>(TrajectoryColumns.ObservationMoments, new double[6], 2, 3);
        block.Add<float>(TrajectoryColumns.Values, new float[9], 3, 3);
        await ring.AppendAsync(block);
        var batch = ring.Draw(5);
        Assert.Equal(
            ["actions", "rewards", "terminated", "truncated", "observations", "next_observations"],
            batch.Columns.Select(column => column.Name));
        var read = await ring.Table.ReadAsync(1, CancellationToken.None);
        foreach (var copy in new[] { block, read! })
        {
            var columns = copy.Columns.OrderBy(column => column.Name).ToArray();
            copy.Columns.Clear();
            copy.Columns.AddRange(columns);
        }

        Assert.Equal(block, read);
    }

    [Fact]
    public async Task Drawing_allocates_nothing_once_the_table_is_warm()
    {
        var definition = Blocks.Ring("t", TableKind.Prioritised);
        (definition.NSteps, definition.Gamma, definition.PriorityExponent) = (3, 0.99, 0.6);
        using var ring = new Ring(definition);
        await ring.AppendAsync([.. Enumerable.Range(1, 80).Select(i => Blocks.Experience((ulong)i))]);
        var buffer = Ring.Buffer(64);
        for (var i = 0; i < 200; i++)
        {
            ring.Draw(buffer, importance: 0.4);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            ring.Table.TryDraw(buffer);
            buffer.Complete(0.4);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Memory_stays_flat_while_the_ring_wraps_and_is_free_when_the_table_is_dropped()
    {
        var definition = Blocks.Ring("t", capacity: 160);
        using var ring = new Ring(definition);
        await ring.AppendAsync(Blocks.Experience(1, endings: 0));
        var full = ring.Memory.Used;
        await ring.AppendAsync([.. Enumerable.Range(2, 100).Select(i => Blocks.Experience((ulong)i, endings: 0))]);
        Assert.Equal(full, ring.Memory.Used);
        var finals = Blocks.Experience(200, endings: 1);
        await ring.AppendAsync(finals);
        Assert.Equal(full + finals.Bytes("final_observations").Length + finals.Episodes.Count * 64, ring.Memory.Used);
        await ring.Table.DropAsync(CancellationToken.None);
        Assert.Equal(0, ring.Memory.Used);
        Assert.False(ring.Table.TryDraw(Ring.Buffer(1)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ring.Table.DrawAsync(Ring.Buffer(1), CancellationToken.None));
    }
}
