namespace Rapid.Hosting.Tests;

public class WaitClockTests
{
    private static readonly TimeSpan Minute = WaitClock.LongestWindow;

    private readonly ManualTime _time = new();
    private readonly WaitClock _clock;

    public WaitClockTests() => _clock = new WaitClock(_time);

    [Fact]
    public void Waits_are_added_up_while_they_last_and_those_of_several_count_each()
    {
        Assert.Equal(TimeSpan.Zero, _clock.Total);
        _clock.Begin();
        _time.Pass(2);
        Assert.Equal(TimeSpan.FromSeconds(2), _clock.Total);
        _clock.Begin();
        _time.Pass(3);
        _clock.End();
        _time.Pass(1);
        _clock.End();
        _time.Pass(100);
        Assert.Equal(TimeSpan.FromSeconds(2 + 6 + 1), _clock.Total);
    }

    [Fact]
    public void The_share_is_that_of_the_last_minute_and_of_the_life_of_a_younger_clock()
    {
        Assert.Equal(0, _clock.Share(Minute));
        _clock.Start();
        Assert.Equal(0, _clock.Share(Minute));
        _time.Pass(10);
        Assert.Equal(0, _clock.Share(Minute));
        _clock.Begin();
        _time.Pass(10);
        Assert.Equal(0.5, _clock.Share(Minute), 1e-9);
        _clock.End();
        _time.Pass(40);
        Assert.Equal(10 / 60.0, _clock.Share(Minute), 1e-9);
        _time.Pass(15);
        Assert.Equal(5 / 60.0, _clock.Share(Minute), 1e-9);
        _time.Pass(60);
        Assert.Equal(0, _clock.Share(Minute));
        _clock.Begin();
        _time.Pass(600);
        Assert.Equal(1, _clock.Share(Minute), 1e-9);
    }

    [Theory]
    [InlineData(0.001, 0.002)]
    [InlineData(0.4, 0.3)]
    [InlineData(2, 5)]
    public void However_short_the_waits_are_their_share_is_right_and_takes_no_more_memory(double waited, double worked)
    {
        for (var second = 0.0; second < 300; second += waited + worked)
        {
            _clock.Begin();
            _time.Pass(waited);
            _clock.End();
            _time.Pass(worked);
        }

        // The ends of the window may lie within a wait.
        Assert.Equal(waited / (waited + worked), _clock.Share(Minute), tolerance: (1 + waited) / 60);
        var before = GC.GetAllocatedBytesForCurrentThread();
        _clock.Begin();
        _clock.End();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Pass(double seconds) => _now += TimeSpan.FromSeconds(seconds).Ticks;
    }
}
