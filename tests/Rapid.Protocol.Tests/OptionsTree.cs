using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Rapid.Agents;
using Rapid.Environments;
using Rapid.Environments.Registry;
using Rapid.Protocol.Specs;
using Rapid.Specs;

namespace Rapid.Protocol.Tests;

/// <summary>The options records as reflection sees them, independent of the reader and the writer under test.</summary>
internal static partial class OptionsTree
{
    public sealed record Leaf(string Path, PropertyInfo Property)
    {
        public Type Type => Nullable.GetUnderlyingType(Property.PropertyType) ?? Property.PropertyType;

        public LimitAttribute? Limit => Property.GetCustomAttribute<LimitAttribute>();

        public bool IsNumber => Type == typeof(double) || Type == typeof(int) || Type == typeof(long) || Type == typeof(ulong);
    }

    /// <summary>Every algorithm's options, in the order of <see cref="AgentRegistry.Names"/>.</summary>
    private static readonly IReadOnlyList<Type> Algorithms =
        [.. AgentRegistry.Names.Select(name => Presets.Default(EnvironmentRegistry.All[0], name).Algorithm.GetType())];

    /// <summary>Every option of an experiment, whatever its algorithm; one that several algorithms have is there once.</summary>
    public static IReadOnlyList<Leaf> Leaves { get; } = [.. Algorithms.SelectMany(Of).DistinctBy(leaf => leaf.Path)];

    /// <summary>The algorithms that can learn an environment.</summary>
    public static IReadOnlyList<string> AlgorithmsFor(EnvironmentInfo environment) =>
    [
        .. AgentRegistry.All
            .Where(agent => agent.SeesFrames || !environment.IsAtari)
            .Where(agent => agent.TakesDiscreteActions || TaskDefaults.IsContinuous(environment))
            .Select(agent => agent.Name),
    ];

    /// <summary>The first algorithm that has an option.</summary>
    public static string AlgorithmOf(string path) => AgentRegistry.Names.First(name => Of(name).Any(leaf => leaf.Path == path));

    /// <summary>Every option of an experiment with an algorithm of this type.</summary>
    public static IEnumerable<Leaf> Of(Type algorithm) => LeavesOf(typeof(ExperimentOptions), "", algorithm);

    /// <summary>Every option of an experiment with this algorithm.</summary>
    public static IReadOnlyList<Leaf> Of(string algorithm) => [.. Of(Algorithms[AgentRegistry.Names.ToList().IndexOf(algorithm)])];

    public static IEnumerable<PropertyInfo> PropertiesOf(Type record) => record
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.Name != "EqualityContract" && (property.CanWrite || property.Name == nameof(AlgorithmOptions.Name)));

    public static string SnakeCase(string name) => UpperInside().Replace(name, "_$1").ToLowerInvariant();

    public static bool IsGroup(Type type) => type.IsClass
        && (type.Namespace == typeof(ExperimentOptions).Namespace || type.IsAssignableTo(typeof(AlgorithmOptions)));

    /// <summary>Every option's path and its value as text; lists and maps too, whatever their class.</summary>
    public static SortedDictionary<string, string> Flatten(ExperimentOptions options)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Flatten(options, "", values);
        return values;
    }

    private static void Flatten(object record, string path, SortedDictionary<string, string> values)
    {
        foreach (var property in PropertiesOf(record.GetType()))
        {
            var name = path + SnakeCase(property.Name);
            var value = property.GetValue(record);
            if (value is not null && IsGroup(value.GetType()))
            {
                Flatten(value, name + ".", values);
            }
            else
            {
                values[name] = TextOf(value);
            }
        }
    }

    private static string TextOf(object? value) => value switch
    {
        null => "(none)",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IReadOnlyDictionary<string, string> map => string.Join(';', map.OrderBy(pair => pair.Key, StringComparer.Ordinal)),
        string text => text,
        IEnumerable list => string.Join(',', list.Cast<object>()),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static IEnumerable<Leaf> LeavesOf(Type record, string path, Type algorithm) => PropertiesOf(record).SelectMany(property =>
    {
        var type = property.PropertyType == typeof(AlgorithmOptions) ? algorithm : property.PropertyType;
        var name = path + SnakeCase(property.Name);
        return IsGroup(type) ? LeavesOf(type, name + ".", algorithm) : [new Leaf(name, property)];
    });

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex UpperInside();
}
