namespace Rapid.Hosting.Tests;

/// <summary>A folder of one test, short enough for sockets in it.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-host-");

    public string At(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public string Path => _folder.FullName;

    public string Write(string name, string text)
    {
        File.WriteAllText(At(name), text);
        return At(name);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
