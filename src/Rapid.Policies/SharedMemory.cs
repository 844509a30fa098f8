using System.Globalization;
using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Policies;

/// <summary>
/// Parameters for subscribers on the learner's own machine. Sixteen actors that each get 4 MB through a socket cost half a dozen copies
/// of 64 MB; through shared memory the learner writes once and each actor reads once. Everything else travels as a message as always.
/// A subscriber shows that it is on the same machine by a file that both see, which also holds across containers.
/// </summary>
public static class SharedMemory
{
    private const string Root = "/dev/shm";

    /// <summary>Whether this machine has a file system in memory that processes share.</summary>
    public static bool Exists => Directory.Exists(Root);

    /// <summary>Path of a subscriber's probe, or null when the name is not one.</summary>
    public static string? ProbePath(string name) => IsName(name) ? Path.Combine(Root, $"rapid-probe-{name}") : null;

    /// <summary>Path of a learner's folder, or null when the name is not one.</summary>
    public static string? FolderPath(string name) => IsName(name) ? Path.Combine(Root, $"rapid-{name}") : null;

    /// <summary>Folders of learners on this machine, also of dead ones.</summary>
    public static IEnumerable<string> Folders() => Directory.EnumerateDirectories(Root, "rapid-*");

    /// <summary>Path of a file of parameters in a learner's folder.</summary>
    public static string FilePath(string folderPath, ulong file) => Path.Combine(folderPath, file.ToString(CultureInfo.InvariantCulture));

    /// <summary>Moves the parameters of a snapshot from shared memory into its message.</summary>
    /// <exception cref="IOException">They are not, or no longer, there.</exception>
    /// <exception cref="UnauthorizedAccessException">Another user's learner.</exception>
    public static void ReadIn(PolicySnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (snapshot.SharedParameters is not { } shared)
        {
            return;
        }

        var folder = FolderPath(shared.Folder) ?? throw new IOException($"'{shared.Folder}' is no name of a folder in shared memory");
        using var file = File.OpenHandle(FilePath(folder, shared.File));
        if (RandomAccess.GetLength(file) != (long)shared.Length)
        {
            throw new IOException($"the parameters in shared memory have {RandomAccess.GetLength(file)} bytes, not {shared.Length}");
        }

        if (shared.Length > (ulong)Array.MaxLength)
        {
            throw new IOException($"{shared.Length} bytes of parameters are more than an array holds");
        }

        var bytes = GC.AllocateUninitializedArray<byte>((int)shared.Length);
        for (var filled = 0; filled < bytes.Length;)
        {
            var count = RandomAccess.Read(file, bytes.AsSpan(filled), filled);
            filled += count > 0 ? count : throw new IOException("the parameters in shared memory are cut short");
        }

        (snapshot.Parameters, snapshot.SharedParameters) = (UnsafeByteOperations.UnsafeWrap(bytes), null);
    }

    private static bool IsName(string name) => Guid.TryParseExact(name, "N", out _);
}
