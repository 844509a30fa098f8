using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Rapid.Core;
using Rapid.Protocol.V1;
using Rapid.Replay.Selection;

namespace Rapid.Replay.Tests;

/// <summary>Items are drawn as often as they should be.</summary>
public class SelectionTests
{
    // 99.9 % of the chi-square distribution lies below d + 3.09 sqrt(2 d) + 5.7 or so for the degrees of freedom here (Wilson and Hilferty
    // 1931).
    private static double Quantile(int degrees)
    {
        const double Normal = 3.0902;
        var cube = 1 - 2.0 / (9 * degrees) + Normal * Math.Sqrt(2.0 / (9 * degrees));
        return degrees * cube * cube * cube;
    }

    private static double ChiSquare(IReadOnlyList<int> counts, IReadOnlyList<double> probabilities)
    {
        var draws = counts.Sum();
        return counts.Select(
            (count, i) => (count - draws * probabilities[i]) * (count - draws * probabilities[i]) / (draws * probabilities[i])).Sum();
    }

    [Fact]
    public async Task Uniform_draws_pass_a_chi_square_test_after_the_ring_has_wrapped()
    {
        using var ring = new Ring(Blocks.Ring("t", capacity: 160));
        await ring.AppendAsync([.. Enumerable.Range(1, 27).Select(i => Blocks.Experience((ulong)i))]);
        var counts = new Dictionary<ulong, int>();
        var buffer = Ring.Buffer(256);
        for (var i = 0; i < 400; i++)
        {
            foreach (var id in ring.Draw(buffer).Ids)
            {
                counts[id] = counts.GetValueOrDefault(id) + 1;
            }
        }

        Assert.Equal(160, counts.Count);
        var chiSquare = ChiSquare([.. counts.Values], [.. Enumerable.Repeat(1 / 160.0, 160)]);
        Assert.InRange(chiSquare, 90, Quantile(159));
    }

    [Fact]
    public async Task Prioritised_draws_and_weights_follow_priorities()
    {
        const double Alpha = 0.7, Beta = 0.5;
        var definition = Blocks.Ring("t", TableKind.Prioritised, capacity: 48);
        definition.PriorityExponent = Alpha;
        using var ring = new Ring(definition);
        await ring.AppendAsync([.. Enumerable.Range(1, 5).Select(i => Blocks.Experience((ulong)i))]);
        var held = ring.Table.BlockIds().SelectMany(block => Enumerable.Range(0, 16).Select(i => block * 16 + (ulong)i)).ToArray();
        var priorities = held.ToDictionary(id => id, id => id % 5 == 0 ? 0 : 0.1 + id % 7);
        Assert.Null(ring.Table.UpdatePriorities(
            [.. priorities.Select(pair => new PriorityUpdate { Id = pair.Key, Priority = pair.Value })]));
        var total = priorities.Values.Sum(priority => Math.Pow(priority, Alpha));
        var buffer = Ring.Buffer(128);
        var counts = held.ToDictionary(id => id, _ => 0);
        for (var i = 0; i < 500; i++)
        {
            var batch = ring.Draw(buffer, Beta);
            var weights = batch.Read<float>("weights");
            var expected = batch.Ids.Select(id => Math.Pow(1 / (Math.Pow(priorities[id], Alpha) / total * held.Length), Beta)).ToArray();
            for (var k = 0; k < weights.Length; k++)
            {
                counts[batch.Ids[k]]++;
                Assert.Equal(expected[k] / expected.Max(), weights[k], 1e-5);
            }
        }

        var drawable = held.Where(id => priorities[id] > 0).ToArray();
        Assert.Equal(500 * 128, drawable.Sum(id => counts[id]));
        var chiSquare =
            ChiSquare([.. drawable.Select(id => counts[id])], [.. drawable.Select(id => Math.Pow(priorities[id], Alpha) / total)]);
        Assert.InRange(chiSquare, 10, Quantile(drawable.Length - 1));
    }

    [Fact]
    public async Task Items_that_all_have_priority_zero_are_drawn_uniformly()
    {
        var definition = Blocks.Ring("t", TableKind.Prioritised);
        definition.PriorityExponent = 1;
        using var ring = new Ring(definition);
        await ring.AppendAsync(Blocks.Experience(1));
        ring.Table.UpdatePriorities([.. Enumerable.Range(0, 16).Select(i => new PriorityUpdate { Id = 16 + (ulong)i, Priority = 0 })]);
        var batch = ring.Draw(Ring.Buffer(400), importance: 1);
        Assert.Equal(16, batch.Ids.Distinct().Count());
        Assert.All(batch.Read<float>("weights"), weight => Assert.Equal(1, weight));
    }

    [Fact]
    public async Task New_items_get_the_highest_priority_so_far_and_the_lowest_block_gives_way()
    {
        var definition = Blocks.Ring("t", TableKind.Prioritised, capacity: 48);
        (definition.PriorityExponent, definition.Eviction) = (1, Eviction.LowestPriority);
        using var ring = new Ring(definition);
        await ring.AppendAsync(Blocks.Experience(1), Blocks.Experience(2), Blocks.Experience(3));
        ring.Table.UpdatePriorities(
            [new PriorityUpdate { Id = 2 * 16 + 3, Priority = 0.5 }, new PriorityUpdate { Id = 3 * 16, Priority = 9 }]);
        await ring.AppendAsync(Blocks.Experience(4));
        Assert.Equal([1ul, 3ul, 4ul], ring.Table.BlockIds());
        var counts = ring.Draw(4000).Ids.CountBy(id => id / 16).ToDictionary();
        Assert.Equal(4000 * 144.0 / (144 + 24 + 16), counts[4], 150.0);

        // Of equal ones the oldest: block 1 has 16, block 3 has 24, block 4 has 144.
        await ring.AppendAsync(Blocks.Experience(5));
        Assert.Equal([3ul, 4ul, 5ul], ring.Table.BlockIds());
        ring.Table.UpdatePriorities([new PriorityUpdate { Id = 16, Priority = 1000 }]);
        await ring.AppendAsync(Blocks.Experience(6));
        Assert.Equal([4ul, 5ul, 6ul], ring.Table.BlockIds());
    }

    [Theory]
    [InlineData(TableKind.Uniform, Eviction.Oldest, "462EE34BD93DBABC")]
    [InlineData(TableKind.Newest, Eviction.Oldest, "A77914AA0D46C158")]
    [InlineData(TableKind.Prioritised, Eviction.Oldest, "79E5624318D4B14B")]
    [InlineData(TableKind.Prioritised, Eviction.LowestPriority, "940D03654AD383FC")]
    public async Task A_seed_draws_the_same_items_in_every_version(TableKind kind, Eviction eviction, string expected)
    {
        var definition = Blocks.Ring("t", kind, capacity: 160);
        (definition.Eviction, definition.PriorityExponent) = (eviction, kind == TableKind.Prioritised ? 0.7 : 0);
        using var ring = new Ring(definition);
        using var drawn = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (ulong i = 1; i <= 40; i++)
        {
            await ring.AppendAsync(Blocks.Experience(i));
            var ids = ring.Draw(37).Ids.ToArray();
            drawn.AppendData(MemoryMarshal.AsBytes<ulong>(ids));
            ring.Table.UpdatePriorities([.. ids.Select(id => new PriorityUpdate { Id = id, Priority = id * i % 11 / 4.0 })]);
            if (i % 15 == 0)
            {
                await ring.Table.LimitAsync(new(ring.Table.Definition) { CapacitySteps = 160 - i * 3 }, CancellationToken.None);
            }
        }

        Assert.Equal(expected, Convert.ToHexString(drawn.GetHashAndReset())[..16]);
    }

    [Fact]
    public void A_sum_tree_finds_what_a_running_sum_finds()
    {
        var random = new RandomStream(3);
        var tree = new SumTree(37);
        var weights = new double[37];
        for (var round = 0; round < 300; round++)
        {
            if (round % 10 == 0)
            {
                var start = random.NextIndex(30);
                var range = Enumerable.Range(0, 1 + random.NextIndex(7)).Select(_ => random.NextIndex(3) * random.NextDouble()).ToArray();
                range.CopyTo(weights, start);
                tree.SetRange(start, range);
            }

            var leaf = random.NextIndex(37);
            weights[leaf] = random.NextIndex(3) * random.NextDouble();
            tree.Set(leaf, weights[leaf]);
            Assert.Equal(weights.Sum(), tree.Total, 1e-9);
            Assert.Equal(weights[..8].Sum(), tree.SumOf(0, 8), 1e-9);
            var sum = random.NextDouble() * weights.Sum();
            var (expected, running) = (0, weights[0]);
            while (running <= sum)
            {
                running += weights[++expected];
            }

            Assert.Equal(expected, tree.Find(sum));
        }

        Assert.True(weights[tree.Find(tree.Total)] > 0);
    }
}
