using Rapid.Replay.Storage;
using Rapid.Replay.Tables;

namespace Rapid.Replay.Tests;

/// <summary>Which side of a table waits for the other, and for how long.</summary>
public class WaitTests
{
    [Fact]
    public async Task A_full_queue_counts_the_time_of_its_producers_and_an_empty_one_that_of_its_learner()
    {
        using var table = new QueueTable(Blocks.Table("t", capacity: 4), "i", new MemoryStore(), new MemoryBudget(long.MaxValue));
        var learner = table.TakeAsync(CancellationToken.None);
        await GrowsAsync(() => table.DrawWaits.Total);
        Assert.Equal(TimeSpan.Zero, table.AppendWaits.Total);

        await table.AppendAsync(Blocks.Make("p", 1), CancellationToken.None);
        await learner;
        var drawn = table.DrawWaits.Total;
        Assert.Equal(1, table.SamplesPerInsert);

        var producer = table.AppendAsync(Blocks.Make("p", 2), CancellationToken.None);
        await GrowsAsync(() => table.AppendWaits.Total);
        Assert.Equal(0.5, table.SamplesPerInsert);
        await table.TakeAsync(CancellationToken.None);
        Assert.NotNull((await producer).Storing);
        Assert.Equal(drawn, table.DrawWaits.Total);
        var waited = table.AppendWaits.Total;
        await Task.Delay(5);
        Assert.Equal(waited, table.AppendWaits.Total);
    }

    [Fact]
    public async Task A_ring_that_its_rate_limiter_holds_counts_the_side_that_waits()
    {
        var definition = Blocks.Ring("t");
        definition.RateLimiter = new() { SamplesPerInsert = 1, ErrorBuffer = 16 };
        definition.MinimumSteps = 1;
        using var ring = new Ring(definition);
        var batch = Ring.Buffer(16);
        var draw = ring.Table.DrawAsync(batch, CancellationToken.None);
        await GrowsAsync(() => ring.Table.DrawWaits.Total);

        await ring.AppendAsync(Blocks.Experience(1));
        await draw;
        Assert.Equal(1, ring.Table.SamplesPerInsert);
        await ring.AppendAsync(Blocks.Experience(2));
        Assert.Equal(TimeSpan.Zero, ring.Table.AppendWaits.Total);
        var producer = ring.AppendAsync(Blocks.Experience(3));
        await GrowsAsync(() => ring.Table.AppendWaits.Total);
        Assert.True(ring.Table.TryDraw(batch));
        await producer;
    }

    private static async Task GrowsAsync(Func<TimeSpan> total)
    {
        var before = total();
        for (var attempt = 0; attempt < 1000 && total() == before; attempt++)
        {
            await Task.Delay(1);
        }

        Assert.True(total() > before);
    }
}
