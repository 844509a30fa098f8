using System.Reflection;
using System.Runtime.Loader;
using Rapid.Core;

namespace Rapid.Environments.Plugins;

/// <summary>
/// Where one plug-in and what it depends on is loaded, apart from all others. Only the assemblies that the contract is made of are shared, so
/// that both sides mean the same by its types; what the plug-in does not bring along comes from the program.
/// </summary>
/// <param name="path">Of the plug-in.</param>
internal sealed class PluginContext(string path) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(path))
{
    private static readonly string?[] Shared =
        [typeof(IEnvironmentPlugin).Assembly.GetName().Name, typeof(Space).Assembly.GetName().Name];

    private readonly AssemblyDependencyResolver _resolver = new(path);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (Shared.Contains(assemblyName.Name))
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
