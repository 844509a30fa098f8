namespace Rapid.Deployment.Tests;

/// <summary>A folder of its own for a test.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("rapid-deployment-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
