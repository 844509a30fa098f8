using System.Reflection;

namespace Rapid.Deployment.Tests;

/// <summary>Where the files are that say how Rapid is deployed.</summary>
internal static class Repository
{
    public static readonly string Root = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(data => data.Key == "Repository").Value!;

    /// <summary>A file of the repository.</summary>
    public static string File(string path) => Path.Combine(Root, path);

    /// <summary>The program that lies in an image's /app.</summary>
    public static string Program(string name) => Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "../..", name == "rapid" ? "Rapid.Cli" : name, "release", name));
}
