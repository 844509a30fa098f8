using Rapid.Core;
using Rapid.Core.Plugins;
using Rapid.Environments.Classic;
using Rapid.Environments.Plugins;

namespace Rapid.Environments.Registry;

/// <summary>All environments by name: classic control, those of the families that the program has, and those of plug-ins.</summary>
public static class EnvironmentRegistry
{
    /// <summary>A text much longer than a name is no mistyped one.</summary>
    private const int LongestName = 80;

    private static readonly Dictionary<string, string> NoOptions = [];

    private static readonly IEnvironmentSource[] BuiltIn = [new ClassicSource(), .. EnvironmentSources.Make()];

    private static readonly Lazy<PluginLibrary> Plugins = new(() => new PluginLibrary(PluginAssemblies.Current, IsBuiltIn));

    private static readonly IEnvironmentSource[] Sources = [.. BuiltIn, new PluginSource(() => Plugins.Value)];

    /// <summary>Every environment but <see cref="More"/> and the hundreds of names of games, in listing order.</summary>
    public static IReadOnlyList<EnvironmentInfo> All { get; } = [.. Sources.SelectMany(source => source.All)];

    /// <summary>Tasks that are described instead of written, and environments of plug-ins.</summary>
    public static IEnumerable<EnvironmentInfo> More => Sources.SelectMany(source => source.More);

    /// <summary>Facts about one environment, or null. An old name finds the environment that is made in its
    /// place; the path of a description of a task or a game is a name too.</summary>
    public static EnvironmentInfo? Find(string name) =>
        Sources.Select(source => source.Find(name)).FirstOrDefault(info => info is not null);

    /// <summary>Whether a name can only be the path of a file: of a description or of a cartridge.</summary>
    public static bool IsPath(string name) => Array.Exists(Sources, source => source.IsPath(name));

    /// <summary>Whether an option takes the path of a file.</summary>
    /// <param name="takes">A value of <see cref="EnvironmentInfo.Options"/>.</param>
    public static bool IsPathOption(string takes) => OptionText.KindOf(takes) == "a path";

    /// <summary>
    /// Why there is no environment of this name, as a text that follows the name: what was meant, or where its file should be.
    /// </summary>
    public static string WhyUnknown(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (IsPath(name))
        {
            return $"is not there: no such file on this machine, seen from {Directory.GetCurrentDirectory()}; "
                + "every machine that steps the environment needs it at this path";
        }

        var hint = name.Length <= LongestName ? NearestName.Hint(name, Names) : "";
        var plugins = PluginProblems.Count == 0 ? "" : $"; plug-ins that did not load: {string.Join("; ", PluginProblems)}";
        return $"is not an environment{(hint.Length > 0 ? hint : ";")} 'rapid envs' lists all{plugins}";
    }

    /// <summary>Why plug-ins of the folders of RAPID_PLUGINS did not load, one sentence each.</summary>
    public static IReadOnlyList<string> PluginProblems => Plugins.Value.Problems;

    /// <summary>Whether a name is one that Rapid brings along.</summary>
    internal static bool IsBuiltIn(string name) => Array.Exists(BuiltIn, source => source.Find(name) is not null);

    /// <summary>The files that an environment is made of whose name is a path; null where the name is none.</summary>
    internal static IEnumerable<string>? FilesOf(string name) => SourceOf(name)?.FilesOf(name);

    /// <summary>
    /// Why these options are wrong, one text each; empty when they are fine. What only the code of a plug-in or a description knows is
    /// found when the environment is made: to read a spec runs no code of a user's, which may never return.
    /// </summary>
    public static IEnumerable<(string Option, string Problem)> CheckOptions(
        EnvironmentInfo info, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(options);
        var source = SourceOf(info.Name);
        List<(string, string)> problems = [.. source?.Problems(info.Name).Select(problem => ("name", problem)) ?? []];
        problems = problems.Count > 0 ? problems : [.. CheckForms(info, options)];
        return problems.Count > 0 || source is null ? problems : source.Check(info.Name, options);
    }

    private static IEnumerable<(string Option, string Problem)> CheckForms(
        EnvironmentInfo info, IReadOnlyDictionary<string, string> options)
    {
        foreach (var (name, value) in options)
        {
            if (!info.Options.TryGetValue(name, out var takes))
            {
                var known = info.Options.Count == 0 ? $"{info.Name} has no options" : $"known: {string.Join(", ", info.Options.Keys)}";
                var hint = NearestName.Hint(name, info.Options.Keys);
                yield return (name, $"unknown option{(hint.Length > 0 ? hint : ";")} {known}");
            }
            else if (OptionText.Normalize(value, takes) is null)
            {
                yield return (name, $"'{value}' is not {takes}{NumberReader.Hint(value)}");
            }
        }
    }

    /// <summary>Makes an environment without a time limit.</summary>
    /// <param name="name">A registered name.</param>
    /// <param name="options">Options of its constructor, as text.</param>
    /// <param name="roms">A folder that is searched for an Atari game's cartridge before the usual ones, or null.</param>
    /// <exception cref="ArgumentException">Unknown name or option, or a value that it cannot take.</exception>
    /// <exception cref="FileNotFoundException">The cartridge of an Atari game is missing.</exception>
    public static IEnvironment Create(string name, IReadOnlyDictionary<string, string>? options = null, string? roms = null)
    {
        var info = Find(name) ?? throw new ArgumentException($"'{name}' {WhyUnknown(name)}", nameof(name));
        options ??= NoOptions;
        foreach (var (option, problem) in CheckOptions(info, options))
        {
            throw new ArgumentException($"{option}: {problem}", nameof(options));
        }

        return SourceOf(name)!.Create(info.Name, OptionText.Normalize(info, options), roms);
    }

    /// <summary>Steps after which an episode is truncated when nothing else says how many.</summary>
    /// <param name="name">A registered name.</param>
    /// <param name="options">Of its constructor: of Atari games they say how many frames a step and a game have.</param>
    /// <exception cref="ArgumentException">An option has a value that it cannot have.</exception>
    public static int MaxEpisodeSteps(string name, IReadOnlyDictionary<string, string> options) =>
        SourceOf(name)?.MaxEpisodeSteps(name, options) ?? int.MaxValue;

    /// <summary>All names, to find the nearest of one that is unknown.</summary>
    public static IEnumerable<string> Names =>
        All.Concat(More).Select(info => info.Name).Concat(Sources.SelectMany(source => source.OtherNames));

    private static IEnvironmentSource? SourceOf(string name) => Array.Find(Sources, source => source.Find(name) is not null);
}
