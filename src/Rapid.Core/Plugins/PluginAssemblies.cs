using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Rapid.Core.Plugins;

/// <summary>An assembly of the user's own.</summary>
/// <param name="File">Its whole path.</param>
/// <param name="Assembly">Loaded.</param>
public sealed record PluginAssembly(string File, Assembly Assembly);

/// <summary>
/// The assemblies of some folders that know one of Rapid's. What does not load is a sentence among the problems, and nothing else. What is in them,
/// environments or agents, is found by those who know what these are.
/// </summary>
public sealed class PluginAssemblies
{
    /// <summary>The environment variable that names the folders.</summary>
    public const string Variable = "RAPID_PLUGINS";

    private static readonly Lazy<PluginAssemblies> Shared = new(() => new PluginAssemblies(
        (Environment.GetEnvironmentVariable(Variable) ?? "").Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));

    private readonly List<PluginAssembly> _all = [];
    private readonly List<string> _problems = [];

    /// <summary>Loads all of some folders.</summary>
    public PluginAssemblies(IEnumerable<string> folders)
    {
        ArgumentNullException.ThrowIfNull(folders);
        foreach (var folder in folders)
        {
            if (!Directory.Exists(folder))
            {
                _problems.Add($"{Variable}: there is no folder '{folder}'");
                continue;
            }

            Guard($"{Variable}: the folder '{folder}'", "cannot be read", _problems, () =>
            {
                foreach (var file in Directory.EnumerateFiles(folder, "*.dll").Select(Path.GetFullPath).Order(StringComparer.Ordinal))
                {
                    Guard(file, "does not load", _problems, () => Load(file));
                }
            });
        }
    }

    /// <summary>Those of the folders of <c>RAPID_PLUGINS</c>, loaded once in the life of the process.</summary>
    public static PluginAssemblies Current => Shared.Value;

    /// <summary>What is wrong with what did not load, one sentence each.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Those that refer to an assembly of Rapid's.</summary>
    public IEnumerable<PluginAssembly> Knowing(Assembly contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        var name = contract.GetName().Name;
        return _all.Where(plugin => Array.Exists(plugin.Assembly.GetReferencedAssemblies(), reference => reference.Name == name));
    }

    /// <summary>What an exception of a plug-in says, without the runtime's wrapping.</summary>
    public static string CauseOf(Exception error) => error switch
    {
        TargetInvocationException { InnerException: { } inner } => CauseOf(inner),
        TypeInitializationException { InnerException: { } inner } => CauseOf(inner),
        ReflectionTypeLoadException { LoaderExceptions: [{ } first, ..] } => CauseOf(first),
        { } other => $"{other.GetType().Name}: {other.Message.ReplaceLineEndings(" ")}",
        null => throw new ArgumentNullException(nameof(error)),
    };

    /// <summary>Does something with a plug-in, which may throw whatever it likes.</summary>
    /// <param name="subject">What it is done with, to begin a sentence with.</param>
    /// <param name="what">"does not load": what is the matter when it fails.</param>
    /// <param name="problems">Get a sentence when it fails.</param>
    /// <param name="load">What is done.</param>
    public static void Guard(string subject, string what, ICollection<string> problems, Action load)
    {
        ArgumentNullException.ThrowIfNull(problems);
        ArgumentNullException.ThrowIfNull(load);
        try
        {
            load();
        }
        catch (BadImageFormatException)
        {
            problems.Add($"{subject} {what}: it is no .NET assembly");
        }
        catch (Exception error)
        {
            problems.Add($"{subject} {what}: {CauseOf(error)}");
        }
    }

    private void Load(string file)
    {
        if (IsPlugin(file))
        {
            _all.Add(new PluginAssembly(file, new PluginContext(file).LoadFromAssemblyPath(file)));
        }
    }

    /// <summary>Whether it is an assembly that knows one of Rapid's; dependencies lie beside plug-ins, as may copies of Rapid's own, and are
    /// none.</summary>
    private static bool IsPlugin(string file)
    {
        using var stream = File.OpenRead(file);
        using var image = new PEReader(stream);
        if (!image.HasMetadata)
        {
            return false;
        }

        var metadata = image.GetMetadataReader();
        return !PluginContext.IsRapids(metadata.GetString(metadata.GetAssemblyDefinition().Name))
            && metadata.AssemblyReferences.Any(
                handle => PluginContext.IsRapids(metadata.GetString(metadata.GetAssemblyReference(handle).Name)));
    }
}
