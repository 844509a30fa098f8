using Grpc.Core;
using Rapid.Replay.Selection;

namespace Rapid.Replay.Tests;

/// <summary>Whatever a selector does wrong ends draws with a reason, and its table holds what it held.</summary>
public sealed class SelectorFaultTests
{
    private const ulong Items = 16, Capacity = 4;

    private static readonly Dictionary<string, Func<Draw>> BadDraws = new()
    {
        ["an empty slot"] = () => new Draw((int)Capacity - 1, 0, 1),
        ["a slot beyond the table"] = () => new Draw((int)Capacity, 0, 1),
        ["a slot before the first"] = () => new Draw(-1, 0, 1),
        ["an item beyond the block"] = () => new Draw(0, (int)Items, 1),
        ["an item before the first"] = () => new Draw(0, -1, 1),
        ["no probability"] = () => new Draw(0, 0, 0),
        ["a probability above 1"] = () => new Draw(0, 0, 1.5),
        ["a probability that is no number"] = () => new Draw(0, 0, double.NaN),
        ["an exception"] = () => throw new KeyNotFoundException("nothing is there"),
    };

    public static TheoryData<string> Faults => [.. BadDraws.Keys];

    [Theory, MemberData(nameof(Faults))]
    public async Task A_bad_draw_ends_alone_and_the_next_one_is_good(string fault)
    {
        using var ring = NewRing<Scripted>();
        await AppendAsync(ring, 1, 3);
        var buffer = Ring.Buffer(5);
        Scripted.Script = position => position == 3 ? BadDraws[fault]() : new Draw(position % 3, position, 1);
        var failed = Assert.Throws<RpcException>(() => ring.Table.TryDraw(buffer));
        Assert.Equal(StatusCode.FailedPrecondition, failed.StatusCode);
        Assert.StartsWith(
            $"table 't' cannot be drawn from: its selector {typeof(Scripted).FullName} {(fault == "an exception" ? "threw" : "returned")}",
            failed.Status.Detail, StringComparison.Ordinal);
        await Assert.ThrowsAsync<RpcException>(() => ring.Table.DrawAsync(buffer, CancellationToken.None));
        Assert.Equal(0ul, ring.Table.Info().SampledItems);

        Scripted.Script = position => new Draw(position % 3, position, 1);
        var batch = ring.Draw(buffer);
        Assert.Equal([16ul, 33, 50, 19, 36], batch.Ids);
        Assert.Equal([1000L, 2001, 3010, 1011, 2020], batch.Read<long>("actions"));
        await AppendAsync(ring, 4, 6);
        Assert.Equal([3ul, 4, 5, 6], ring.Table.BlockIds());
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(0, 1)]
    public async Task One_that_missed_a_block_draws_no_more_and_its_table_takes_and_gives_blocks(int failingAdd, int failingRemove)
    {
        var ring = NewRing<Forgetful>();
        (Forgetful.AddsUntilFailure, Forgetful.RemovesUntilFailure) = (failingAdd, failingRemove);
        await AppendAsync(ring, 1, 7);
        var failed = Assert.Throws<RpcException>(() => ring.Table.TryDraw(Ring.Buffer(2)));
        Assert.Contains($"threw InvalidOperationException: lost count in {(failingAdd > 0 ? "OnAdded" : "OnRemoved")}", failed.Status.Detail,
            StringComparison.Ordinal);
        var info = ring.Table.Info();
        Assert.Equal((4ul, 7ul, 3ul, 7 * Items), (info.Blocks, info.AppendedBlocks, info.EvictedBlocks, info.InsertedSteps));
        Assert.Equal(Blocks.Experience(7), await ring.Table.ReadAsync(7, CancellationToken.None));

        // Another size is another selector, which hears of every block.
        await ring.Table.LimitAsync(new(ring.Table.Definition) { CapacitySteps = 2 * Items }, CancellationToken.None);
        Assert.All(ring.Draw(40).Ids, id => Assert.InRange(id / Items, 6ul, 7ul));
        ring.Dispose();
        Assert.Equal(0, ring.Memory.Used);
    }

    [Fact]
    public async Task One_that_cannot_be_made_refuses_blocks_and_takes_no_memory()
    {
        using var ring = NewRing<Stillborn>();
        var outcome = await ring.Table.AppendAsync(Blocks.Experience(1), CancellationToken.None);
        Assert.Equal((StatusCode.FailedPrecondition, "table 't': its selector 'own' cannot be made: NotSupportedException: no such table"),
            (outcome.Code, outcome.Message));
        Assert.Equal((0L, 0L, 1ul), (ring.Memory.Used, (long)ring.Table.Info().Blocks, ring.Table.Info().RejectedBlocks));
    }

    private static Ring NewRing<TSelector>()
        where TSelector : Selector => new(Blocks.Ring("t", capacity: Capacity * Items), selector: new SelectorAttribute<TSelector>("own"));

    private static async Task AppendAsync(Ring ring, ulong first, ulong last)
    {
        for (var block = first; block <= last; block++)
        {
            await ring.AppendAsync(Blocks.Experience(block));
        }
    }

    public sealed class Scripted(SelectorContext context) : Selector(context)
    {
        internal static Func<int, Draw> Script { get; set; } = null!;

        protected override Draw Draw(int position) => Script(position);
    }

    public sealed class Forgetful(SelectorContext context) : Selector(context)
    {
        internal static int AddsUntilFailure { get; set; }

        internal static int RemovesUntilFailure { get; set; }

        protected override void OnAdded(int slot) => Fail(AddsUntilFailure--);

        protected override void OnRemoved(int slot) => Fail(RemovesUntilFailure--);

        protected override Draw Draw(int position) => DrawUniformly();

        private static void Fail(int left)
        {
            if (left == 1)
            {
                throw new InvalidOperationException("lost count");
            }
        }
    }

    public sealed class Stillborn : Selector
    {
        public Stillborn(SelectorContext context)
            : base(context) => throw new NotSupportedException("no such table");

        protected override Draw Draw(int position) => DrawUniformly();
    }
}
