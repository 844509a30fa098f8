namespace Rapid.Actor.Tests;

public class InferenceClockTests
{
    [Fact]
    public void One_step_of_each_block_is_timed_and_every_step_in_its_turn()
    {
        const int Steps = 5;
        var clock = new InferenceClock(Steps);
        var timed = new HashSet<int>();
        for (var block = 0; block < Steps; block++)
        {
            clock.Begin();
            for (var t = 0; t < Steps; t++)
            {
                var before = clock.OfBlock;
                clock.Before(t);
                Thread.SpinWait(100);
                clock.After(t);
                if (clock.OfBlock != before)
                {
                    Assert.Equal(TimeSpan.Zero, before);
                    timed.Add(t);
                }
            }

            Assert.Equal(block + 1, timed.Count);
        }
    }
}
