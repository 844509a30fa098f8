using Rapid.Core.Plugins;

namespace Rapid.Environments.Plugins;

/// <summary>An environment that an assembly of the user's own makes.</summary>
/// <param name="Info">Checked.</param>
/// <param name="Maker">Makes it.</param>
/// <param name="File">Of the assembly.</param>
internal sealed record Plugin(EnvironmentInfo Info, IEnvironmentPlugin Maker, string File);

/// <summary>The environments of some plug-ins. What does not load is a sentence among the problems, and nothing else.</summary>
internal sealed class PluginLibrary
{
    public const string Family = "plug-in";

    private const int LongestName = 100;

    private readonly List<Plugin> _plugins = [];

    private readonly Predicate<string> _isBuiltIn;

    /// <summary>Makes one of each plug-in.</summary>
    /// <param name="assemblies">Which may hold some.</param>
    /// <param name="isBuiltIn">Whether a name is one that Rapid brings along.</param>
    public PluginLibrary(PluginAssemblies assemblies, Predicate<string> isBuiltIn)
    {
        _isBuiltIn = isBuiltIn;
        List<string> problems = [];
        foreach (var (file, assembly) in assemblies.Knowing(typeof(IEnvironmentPlugin).Assembly))
        {
            PluginAssemblies.Guard(file, "does not load", problems, () =>
            {
                foreach (var type in assembly.GetTypes().Where(
                    type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IEnvironmentPlugin))))
                {
                    PluginAssemblies.Guard($"{file}: {type.FullName}", "cannot be made", problems, () => Add(file, type));
                }
            });
        }

        Problems = [.. problems, .. assemblies.Problems];
    }

    public IReadOnlyList<Plugin> Plugins => _plugins;

    /// <summary>What is wrong with what did not load, one sentence each.</summary>
    public IReadOnlyList<string> Problems { get; }

    private void Add(string file, Type type)
    {
        var maker = (IEnvironmentPlugin)Activator.CreateInstance(type, nonPublic: true)!;
        var info = maker.Info ?? throw new ArgumentException("its Info is null");
        if (info.Name is not { Length: > 0 and <= LongestName } || info.Name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            throw new ArgumentException($"its name is '{info.Name}'; allowed: 1 to {LongestName} characters without blanks");
        }

        if (info.MaxEpisodeSteps < 1 || info.Options is null)
        {
            throw new ArgumentException("its Info needs a MaxEpisodeSteps of at least 1 and Options, which may be empty");
        }

        if (_plugins.Find(plugin => plugin.Info.Name == info.Name) is { } other)
        {
            throw new ArgumentException($"its name '{info.Name}' is taken by {other.File}");
        }

        if (_isBuiltIn(info.Name))
        {
            throw new ArgumentException($"its name '{info.Name}' is one of Rapid's own");
        }

        _plugins.Add(new Plugin(info with { Family = Family }, maker, file));
    }
}
