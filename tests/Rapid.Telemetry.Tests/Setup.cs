using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

// What one test measures, every listener of the process hears.
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace Rapid.Telemetry.Tests;

/// <summary>Files of the repository.</summary>
internal static class Repository
{
    private static readonly string Root =
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Repository").Value!;

    public static string At(string path) => Path.Combine(Root, path);
}
