using Rapid.Replay.Tables;

namespace Rapid.Replay.Tests;

public class ProducerLogTests
{
    [Fact]
    public void The_producer_that_was_idle_longest_is_forgotten_first()
    {
        var log = new ProducerLog(2);
        Assert.Null(log.Remember("a", 1));
        Assert.Null(log.Remember("b", 1));
        Assert.Null(log.Remember("a", 2));
        Assert.Equal("b", log.Remember("c", 1));
        Assert.True(log.Has("a", 2));
        Assert.False(log.Has("a", 3));
        Assert.False(log.Has("b", 1));
    }
}
