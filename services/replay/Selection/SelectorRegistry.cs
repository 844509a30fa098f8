using System.Reflection;
using Rapid.Core;
using Rapid.Core.Plugins;

namespace Rapid.Replay.Selection;

/// <summary>The selectors that this process knows, by name: Rapid's own, and those of plug-ins.</summary>
internal static class SelectorRegistry
{
    private const int LongestName = 100, MostNamed = 20;

    private static readonly Lazy<(IReadOnlyDictionary<string, SelectorAttribute> Selectors, IReadOnlyList<string> Problems)> Known =
        new(FindAll);

    /// <summary>Why selectors of plug-ins are not known, one sentence each.</summary>
    public static IReadOnlyList<string> PluginProblems => Known.Value.Problems;

    /// <summary>The selector of that name; null when there is none.</summary>
    public static SelectorAttribute? Find(string name) => Known.Value.Selectors.GetValueOrDefault(name);

    /// <summary>What is wrong with a name that is not known.</summary>
    public static string Unknown(string name)
    {
        var names = Known.Value.Selectors.Keys;
        var plugins = PluginProblems.Count == 0 ? "" : $"; of plug-ins: {string.Join("; ", PluginProblems)}";
        return name.Length > LongestName ? $"must have at most {LongestName} characters"
            : $"'{name}' is not known to this replay service; known: {string.Join(", ", names.Take(MostNamed))}"
                + $"{NearestName.Hint(name, names)}{plugins}";
    }

    private static (IReadOnlyDictionary<string, SelectorAttribute> Selectors, IReadOnlyList<string> Problems) FindAll()
    {
        var own = typeof(SelectorRegistry).Assembly;
        var selectors = new SortedDictionary<string, SelectorAttribute>(
            own.GetCustomAttributes<SelectorAttribute>().ToDictionary(selector => selector.Name), StringComparer.Ordinal);
        List<string> problems = [.. PluginAssemblies.Current.Problems];
        foreach (var (file, assembly) in PluginAssemblies.Current.Knowing(own))
        {
            PluginAssemblies.Guard(file, "brings no selectors", problems, () =>
            {
                foreach (var selector in assembly.GetCustomAttributes<SelectorAttribute>())
                {
                    PluginAssemblies.Guard($"{file}: {selector.Type.FullName}", "is no selector", problems, () => Add(selectors, selector));
                }
            });
        }

        return (selectors, problems);
    }

    private static void Add(SortedDictionary<string, SelectorAttribute> selectors, SelectorAttribute selector)
    {
        if (selector.Name is not { Length: > 0 and <= LongestName } || !char.IsAsciiLetter(selector.Name[0])
            || !selector.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            throw new ArgumentException(
                $"its name is '{selector.Name}'; allowed: a letter, then letters, digits, '_' and '-', at most {LongestName}");
        }

        if (selector.Type.IsAbstract || selector.Type.GetConstructor([typeof(SelectorContext)]) is null)
        {
            throw new ArgumentException($"it needs a public constructor that takes a {nameof(SelectorContext)}");
        }

        if (selector.BytesPerSlot < 0)
        {
            throw new ArgumentException($"its {nameof(selector.BytesPerSlot)} is {selector.BytesPerSlot}; allowed: >= 0");
        }

        if (!selectors.TryAdd(selector.Name, selector))
        {
            throw new ArgumentException($"its name '{selector.Name}' is taken");
        }
    }
}
