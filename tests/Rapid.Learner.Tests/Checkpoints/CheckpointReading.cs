using Rapid.Learner.Checkpoints;

namespace Rapid.Learner.Tests.Checkpoints;

internal static class CheckpointReading
{
    /// <summary>The newest checkpoint that can be read, or null when there is none at all.</summary>
    public static Checkpoint? Newest(this CheckpointStore store)
    {
        Checkpoint? newest = null;
        store.Restore(checkpoint => newest = checkpoint);
        return newest;
    }
}
