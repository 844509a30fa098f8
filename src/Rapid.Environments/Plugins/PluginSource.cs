using Rapid.Core;
using Rapid.Core.Plugins;

namespace Rapid.Environments.Plugins;

/// <summary>Environments of the plug-ins of this process.</summary>
/// <param name="library">Loaded when the first name is asked for.</param>
internal sealed class PluginSource(Func<PluginLibrary> library) : IEnvironmentSource
{
    /// <inheritdoc/>
    public IEnumerable<EnvironmentInfo> More => library().Plugins.Select(plugin => plugin.Info);

    /// <inheritdoc/>
    public EnvironmentInfo? Find(string name) => PluginOf(name)?.Info;

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The plug-in failed; the message names its file and the cause.</exception>
    public IEnvironment Create(string name, IReadOnlyDictionary<string, string> options, string? roms = null)
    {
        var plugin = PluginOf(name)!;
        IEnvironment? environment = null;
        try
        {
            environment = plugin.Maker.Create(options);
            return environment?.ObservationSpace is BoxSpace { Size: > 0 } or FrameSpace
                && environment.ActionSpace is BoxSpace { Size: > 0 } or DiscreteSpace
                ? environment
                : throw new NotSupportedException("an environment needs a box or frames to observe, and a box or choices to act");
        }
        catch (Exception error)
        {
            environment?.Dispose();
            throw new InvalidDataException($"{name} of {plugin.File} cannot be made: {PluginAssemblies.CauseOf(error)}", error);
        }
    }

    private Plugin? PluginOf(string name) => library().Plugins.FirstOrDefault(plugin => plugin.Info.Name == name);
}
