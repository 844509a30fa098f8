namespace Rapid.Policies;

/// <summary>A file by which a learner sees that a subscriber is on its machine; removed when disposed.</summary>
public sealed class SharedMemoryProbe : IDisposable
{
    private readonly string _path;

    private SharedMemoryProbe(string name, string path) => (Name, _path) = (name, path);

    /// <summary>What the subscription names.</summary>
    public string Name { get; }

    /// <summary>Makes a probe; null where processes have no memory to share.</summary>
    public static SharedMemoryProbe? Create()
    {
        if (!SharedMemory.Exists)
        {
            return null;
        }

        var name = Guid.NewGuid().ToString("N");
        var path = SharedMemory.ProbePath(name)!;
        try
        {
            File.WriteAllBytes(path, []);
            return new SharedMemoryProbe(name, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_path);
}
