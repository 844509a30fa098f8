using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Rapid.Environments.Plugins;

/// <summary>An environment that an assembly of the user's own makes.</summary>
/// <param name="Info">Checked.</param>
/// <param name="Maker">Makes it.</param>
/// <param name="File">Of the assembly.</param>
internal sealed record Plugin(EnvironmentInfo Info, IEnvironmentPlugin Maker, string File);

/// <summary>The plug-ins of some folders. What does not load is a sentence among the problems, and nothing else.</summary>
internal sealed class PluginLibrary
{
    public const string Variable = "RAPID_PLUGINS";
    public const string Family = "plug-in";

    private const int LongestName = 100;

    private static readonly Lazy<PluginLibrary> Shared = new(() => new PluginLibrary(
        (Environment.GetEnvironmentVariable(Variable) ?? "").Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));

    private readonly List<Plugin> _plugins = [];
    private readonly List<string> _problems = [];

    /// <summary>Loads all plug-ins of some folders.</summary>
    public PluginLibrary(IEnumerable<string> folders)
    {
        foreach (var folder in folders)
        {
            if (!Directory.Exists(folder))
            {
                _problems.Add($"{Variable}: there is no folder '{folder}'");
                continue;
            }

            Guard($"{Variable}: the folder '{folder}'", "cannot be read", () =>
            {
                foreach (var file in Directory.EnumerateFiles(folder, "*.dll").Select(Path.GetFullPath).Order(StringComparer.Ordinal))
                {
                    Guard(file, "does not load", () => Load(file));
                }
            });
        }
    }

    /// <summary>Those of the folders of <c>RAPID_PLUGINS</c>, loaded once in the life of the process.</summary>
    public static PluginLibrary Current => Shared.Value;

    public IReadOnlyList<Plugin> Plugins => _plugins;

    /// <summary>What is wrong with what did not load, one sentence each.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>What an exception of a plug-in says, without the runtime's wrapping.</summary>
    public static string CauseOf(Exception error) => error switch
    {
        TargetInvocationException { InnerException: { } inner } => CauseOf(inner),
        TypeInitializationException { InnerException: { } inner } => CauseOf(inner),
        ReflectionTypeLoadException { LoaderExceptions: [{ } first, ..] } => CauseOf(first),
        _ => $"{error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")}",
    };

    private void Load(string file)
    {
        if (!IsPlugin(file))
        {
            return;
        }

        var types = new PluginContext(file).LoadFromAssemblyPath(file).GetTypes();
        foreach (var type in types.Where(
            type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IEnvironmentPlugin))))
        {
            Guard($"{file}: {type.FullName}", "cannot be made", () => Add(file, type));
        }
    }

    /// <summary>Whether it is an assembly that knows this one; dependencies lie beside plug-ins and are none.</summary>
    private static bool IsPlugin(string file)
    {
        using var stream = File.OpenRead(file);
        using var image = new PEReader(stream);
        if (!image.HasMetadata)
        {
            return false;
        }

        var metadata = image.GetMetadataReader();
        var own = typeof(IEnvironmentPlugin).Assembly.GetName().Name;
        return metadata.GetString(metadata.GetAssemblyDefinition().Name) != own
            && metadata.AssemblyReferences.Any(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name) == own);
    }

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

        if (EnvironmentRegistry.IsBuiltIn(info.Name))
        {
            throw new ArgumentException($"its name '{info.Name}' is one of Rapid's own");
        }

        _plugins.Add(new Plugin(info with { Family = Family }, maker, file));
    }

    /// <summary>A plug-in may throw whatever it likes.</summary>
    private void Guard(string subject, string what, Action load)
    {
        try
        {
            load();
        }
        catch (BadImageFormatException)
        {
            _problems.Add($"{subject} {what}: it is no .NET assembly");
        }
        catch (Exception error)
        {
            _problems.Add($"{subject} {what}: {CauseOf(error)}");
        }
    }
}
