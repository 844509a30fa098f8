using System.Security.Cryptography;
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

    /// <summary>Makes the checksums of a checkpoint right, whatever has become of its files.</summary>
    public static void Seal(string checkpoint) => File.WriteAllText(
        Path.Combine(checkpoint, "SHA256SUMS"),
        string.Concat(((string[])["model.safetensors", "state.json", "games.binpb"])
            .Where(name => File.Exists(Path.Combine(checkpoint, name)))
            .Select(name =>
            $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(checkpoint, name))))}  {name}\n")));
}
