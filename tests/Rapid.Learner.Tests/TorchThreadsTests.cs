using Rapid.Learner.Training;
using TorchSharp;

namespace Rapid.Learner.Tests;

public class TorchThreadsTests
{
    [Fact]
    public void A_thread_computes_with_the_number_that_was_set_on_it_whatever_others_set_meanwhile()
    {
        using Barrier turns = new(2);
        var (seen, untouched) = (0, 0);
        var other = new Thread(() =>
        {
            TorchThreads.Use(3);
            turns.SignalAndWait();
            turns.SignalAndWait();
            untouched = torch.get_num_threads();
        });
        other.Start();
        var own = new Thread(() =>
        {
            turns.SignalAndWait();
            // At its first operation a thread takes what was set last, which is the other's.
            TorchThreads.Use(2);
            using var sum = torch.ones(100_000).sum();
            seen = torch.get_num_threads();
            turns.SignalAndWait();
        });
        own.Start();
        own.Join();
        other.Join();
        Assert.Equal((2, 3), (seen, untouched));
    }
}
