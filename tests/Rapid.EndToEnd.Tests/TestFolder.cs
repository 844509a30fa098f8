namespace Rapid.EndToEnd.Tests;

/// <summary>A folder of its own for a test, with specs in it.</summary>
public sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("rapid test ").FullName;

    public string Runs => System.IO.Path.Combine(Path, "runs");

    /// <summary>Writes a spec.</summary>
    public string Spec(string yaml)
    {
        var path = System.IO.Path.Combine(Path, $"spec-{Guid.NewGuid():N}.yaml");
        File.WriteAllText(path, yaml);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
