using System.Reflection;
using System.Runtime.Loader;

namespace Rapid.Core.Plugins;

/// <summary>
/// Where one plug-in and what it depends on is loaded, apart from all others. Rapid's own assemblies, and those whose types Rapid's contracts name,
/// are shared, so that both sides mean the same by their types; what else the plug-in does not bring along comes from the program.
/// </summary>
/// <param name="path">Of the plug-in.</param>
internal sealed class PluginContext(string path) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(path))
{
    private static readonly string[] Named = ["Google.Protobuf", "TorchSharp"];

    private readonly AssemblyDependencyResolver _resolver = new(path);

    /// <summary>Whether the assembly of this name is one of Rapid's.</summary>
    public static bool IsRapids(string? assembly) => assembly?.StartsWith("Rapid.", StringComparison.Ordinal) == true;

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (IsRapids(assemblyName.Name) || Named.Contains(assemblyName.Name))
        {
            return null;
        }

        var beside = Path.Combine(Path.GetDirectoryName(path)!, $"{assemblyName.Name}.dll");
        return _resolver.ResolveAssemblyToPath(assemblyName) is { } found ? LoadFromAssemblyPath(found)
            : File.Exists(beside) ? LoadFromAssemblyPath(beside)
            : null;
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } found ? LoadUnmanagedDllFromPath(found) : 0;
}
