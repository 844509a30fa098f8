using FsCheck;
using FsCheck.Fluent;
using Rapid.Protocol.V1;
using Rapid.Replay.Limits;

namespace Rapid.Replay.Tests;

public class SampleToInsertRatioTests
{
    [Fact]
    public void No_interleaving_of_appends_and_draws_leaves_the_bounds_or_stops_both_sides()
    {
        Prop.ForAll<int, byte[]>((settings, operations) =>
        {
            var (ratioSeed, minimumSeed, bufferSeed) = ((byte)settings, (byte)(settings >> 3), settings & 7);
            const int Block = 16, Batch = 24;
            var ratio = (1 + ratioSeed) / 16.0;
            var minimum = minimumSeed * 2L;
            var buffer = Math.Max(ratio * Block, Batch) + bufferSeed;
            var limiter = new SampleToInsertRatio(ratio, minimum, buffer);
            var reserved = 0;
            foreach (var operation in operations)
            {
                switch (operation % 5)
                {
                    case < 2 when limiter.CanInsert(Block):
                        limiter.Reserve(Block);
                        reserved++;
                        break;
                    case 2 when reserved > 0:
                        limiter.Insert(Block);
                        reserved--;
                        break;
                    case 3 when reserved > 0 && operation > 200:
                        limiter.Cancel(Block);
                        reserved--;
                        break;
                    case > 2 when limiter.CanSample(Batch):
                        limiter.Sample(Batch);
                        break;
                }

                var difference = limiter.Inserted * ratio - limiter.Sampled;
                var isBelowMinimum = limiter.Inserted < minimum && limiter.Sampled == 0;
                var isWithin = difference <= ratio * minimum + buffer && (isBelowMinimum || difference >= ratio * minimum - buffer);
                if (!isWithin || (reserved == 0 && !limiter.CanInsert(Block) && !limiter.CanSample(Batch)))
                {
                    return false;
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_table_that_comes_back_goes_on_in_the_middle_of_its_bounds()
    {
        var limiter = new SampleToInsertRatio(2, minimum: 100, buffer: 64);
        limiter.Restore(1000);
        Assert.Equal((1000, 1800.0), (limiter.Inserted, limiter.Sampled));
        Assert.True(limiter.CanInsert(32) && limiter.CanSample(64));
        Assert.False(limiter.CanInsert(33) || limiter.CanSample(65));
        limiter.Restore(50);
        Assert.True(limiter.CanInsert(32));
        Assert.False(limiter.CanSample(1));
    }

    [Fact]
    public async Task Appends_and_draws_at_the_same_time_stay_within_the_bounds()
    {
        const double Ratio = 2, Buffer = 64;
        const int Minimum = 100;
        var definition = Blocks.Ring("t");
        definition.MinimumSteps = Minimum;
        definition.RateLimiter = new RateLimiter { SamplesPerInsert = Ratio, ErrorBuffer = Buffer };
        using var ring = new Ring(definition);
        using var ended = new CancellationTokenSource();
        var appending = Enumerable.Range(0, 3).Select(producer => Task.Run(async () =>
        {
            for (ulong i = 1; !ended.IsCancellationRequested; i++)
            {
                await ring.Table.AppendAsync(Blocks.Experience(i, producer: $"{producer}"), ended.Token);
            }
        })).ToArray();
        var buffer = Ring.Buffer(32);
        try
        {
            for (var i = 0; i < 500; i++)
            {
                await ring.Table.DrawAsync(buffer, CancellationToken.None);
                var (inserted, drawn) = ((double)buffer.Reply.Batch.InsertedSteps, (i + 1) * 32.0);
                Assert.InRange(inserted * Ratio - drawn, Ratio * Minimum - Buffer, Ratio * Minimum + Buffer);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(appending)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        Assert.DoesNotContain(appending, producer => producer.IsFaulted);
    }

    [Fact]
    public async Task Sampling_waits_for_the_minimum_size_and_appends_wait_for_samples()
    {
        var definition = Blocks.Ring("t");
        definition.MinimumSteps = 33;
        definition.RateLimiter = new RateLimiter { SamplesPerInsert = 1, ErrorBuffer = 20 };
        using var ring = new Ring(definition);
        var buffer = Ring.Buffer(16);
        Assert.False(ring.Table.TryDraw(buffer));
        await ring.AppendAsync(Blocks.Experience(1), Blocks.Experience(2));
        Assert.False(ring.Table.TryDraw(buffer));
        Assert.Contains("32 steps and sampling begins at 33", ring.Table.WhyWaiting(), StringComparison.Ordinal);
        await ring.AppendAsync(Blocks.Experience(3));
        var waiting = ring.Table.AppendAsync(Blocks.Experience(4), CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        Assert.True(ring.Table.TryDraw(buffer));
        Assert.False((await waiting).IsDuplicate);
        Assert.True(ring.Table.TryDraw(buffer));
        Assert.True(ring.Table.TryDraw(buffer));
        Assert.False(ring.Table.TryDraw(buffer));
        Assert.Contains("rate limiter", ring.Table.WhyWaiting(), StringComparison.Ordinal);
    }
}
