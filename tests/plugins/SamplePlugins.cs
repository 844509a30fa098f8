using System.Runtime.CompilerServices;
using Rapid.Protocol.Specs;

namespace SamplePlugin;

/// <summary>Lets a test project play the plug-ins of the project beside this file.</summary>
internal static class SamplePlugins
{
    /// <summary>An environment that does not return from a call ("make", "reset" or "step") while there is a file.</summary>
    public static EnvironmentOptions Sleeper(string at, string bed) => new()
    {
        Name = "Sleeper-v0",
        Options = new Dictionary<string, string> { ["at"] = at, ["bed"] = bed },
    };

    // The folders are read once, by whichever test asks first for an environment.
    [ModuleInitializer]
    internal static void Load() => Environment.SetEnvironmentVariable(
        "RAPID_PLUGINS", Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../SamplePlugin/release")));
}
