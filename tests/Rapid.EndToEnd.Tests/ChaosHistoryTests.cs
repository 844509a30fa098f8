using System.Globalization;
using Rapid.Benchmarks;

namespace Rapid.EndToEnd.Tests;

/// <summary>The checker of <c>rapid chaos</c> finds what it is for, in histories that are made up.</summary>
public sealed class ChaosHistoryTests
{
    private static readonly Dictionary<string, ulong> Offered = new() { ["a"] = 6, ["b"] = 4 };

    private readonly History _history = new();

    [Fact]
    public void A_ring_that_holds_the_newest_blocks_is_as_it_must_be()
    {
        Acknowledge("a1 b1 a2 a3 b2 a4");

        Assert.Empty(_history.CheckRing(Blocks("a2 a3 b2 a4"), Offered, capacity: 4));
        // One was on its way when everything ended.
        Assert.Empty(_history.CheckRing(Blocks("a3 b2 a4 a5"), Offered, capacity: 4));
    }

    [Theory]
    [InlineData("a1 b1 a2 b2 a4", 100, "lost: a/3")]
    [InlineData("a2 a3 b2", 4, "lost: a/1 lost: b/1 lost: a/4")]
    [InlineData("a1 a2 b2 a4", 4, "lost: a/3")]
    [InlineData("a1 b1 a2 a3 b2 a4 a3", 100, "doubled: a/3")]
    [InlineData("a1 b1 a2 a3 b2 a4 a7", 100, "invented: nobody sent a/7")]
    [InlineData("a1 b1 a2 a3 b2 a4 c1", 100, "invented: nobody sent c/1")]
    [InlineData("a1 b1 a2 a3 b2 a4", 5, "kept: 6 blocks")]
    public void A_ring_that_lost_doubled_or_invented_a_block_is_found_out(string held, int capacity, string problems)
    {
        Acknowledge("a1 b1 a2 a3 b2 a4");
        AssertProblems(problems, _history.CheckRing(Blocks(held), Offered, capacity));
    }

    [Fact]
    public void A_block_that_was_new_to_a_table_twice_is_found_out()
    {
        Acknowledge("a1 a2 a2");
        AssertProblems("doubled: a/2 was stored 2 times", _history.CheckRing(Blocks("a1 a2"), Offered, capacity: 100));
    }

    [Fact]
    public void A_block_that_was_acknowledged_again_as_a_repeated_one_is_one()
    {
        Acknowledge("a1 a2");
        _history.Acknowledge(Block("a2"), isRepeated: true);

        Assert.Empty(_history.CheckRing(Blocks("a1 a2"), Offered, capacity: 100));
        Assert.Equal((2, 1), (_history.Acknowledged, _history.Repeated));
    }

    [Fact]
    public void A_queue_may_deliver_again_what_was_not_settled()
    {
        Acknowledge("a1 b1 a2");
        Deliver("a1 b1", call: 1);
        Deliver("a1 b1 a2", call: 2);
        _history.Settle(Blocks("a1 b1 a2"));

        Assert.True(_history.IsDrained);
        Assert.Empty(_history.CheckQueue(Offered));
    }

    [Theory]
    [InlineData("a1 b1", "", "lost: a/2")]
    [InlineData("a1 b1 a2 a2", "", "doubled: a/2 came 2 times")]
    [InlineData("a1 b1 a2", "b1", "doubled: b/1 came again after it was settled")]
    [InlineData("a1 b1 a2 b5", "", "invented: nobody sent b/5")]
    [InlineData("a2 b1 a1", "", "disordered: a/1")]
    public void A_queue_that_lost_doubled_invented_or_disordered_a_block_is_found_out(string first, string second, string problems)
    {
        Acknowledge("a1 b1 a2");
        Deliver(first, call: 1);
        _history.Settle(Blocks(first));
        Deliver(second, call: 2);
        AssertProblems(problems, _history.CheckQueue(Offered));
    }

    [Fact]
    public void A_queue_is_not_drained_before_it_has_delivered_what_it_acknowledged()
    {
        Acknowledge("a1 a2");
        Deliver("a1", call: 1);
        Assert.False(_history.IsDrained);
    }

    private static BlockName Block(string text) => new(text[..1], ulong.Parse(text[1..], CultureInfo.InvariantCulture));

    private static BlockName[] Blocks(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Block)];

    private static void AssertProblems(string expected, IReadOnlyList<string> problems)
    {
        var kinds = expected.Split(["lost:", "doubled:", "invented:", "kept:", "disordered:"], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(kinds.Length, problems.Count);
        Assert.All(kinds.Zip(problems), pair => Assert.Contains(pair.First.Trim(), pair.Second, StringComparison.Ordinal));
    }

    private void Acknowledge(string text) => Array.ForEach(Blocks(text), block => _history.Acknowledge(block, isRepeated: false));

    private void Deliver(string text, int call) => Array.ForEach(Blocks(text), block => _history.Deliver(block, call));
}
