using TorchSharp;

namespace Rapid.Learner.Training;

/// <summary>
/// libtorch's number of threads. The thread that calls it has its own, with which sums are cut into parts and so get their last bits; a run
/// goes from one thread of the pool to another, and another run may have used that one before.
/// </summary>
internal static class TorchThreads
{
    /// <summary>What the calling thread computes from here on, until it waits for something, is computed with so many threads.</summary>
    public static void Use(int threads)
    {
        // To ask first is part of it: a thread that was never asked takes, at its first operation, the number that was set last anywhere.
        if (torch.get_num_threads() != threads)
        {
            torch.set_num_threads(threads);
        }
    }
}
