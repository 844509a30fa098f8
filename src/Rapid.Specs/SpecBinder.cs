using System.Reflection;
using Rapid.Core;
using Rapid.Protocol.Specs;

namespace Rapid.Specs;

/// <summary>Writes a tree over the defaults in an options record, and notes everything that is wrong.</summary>
internal sealed class SpecBinder
{
    // Options of an environment may be paths.
    private const int LongestOption = 1000;

    /// <summary>What was wrong so far.</summary>
    public List<SpecProblem> Problems { get; } = [];

    /// <summary>The fields of a record, what it inherits first: name in a spec and property.</summary>
    public static IEnumerable<(string Name, PropertyInfo Property)> FieldsOf(Type record) => record
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.CanWrite || property.Name == nameof(AlgorithmOptions.Name))
        .OrderBy(property => property.Name switch
        {
            nameof(AlgorithmOptions.Name) => -2,
            nameof(AlgorithmOptions.Preset) => -1,
            _ => DepthOf(property.DeclaringType!),
        })
        .Select(property => (SpecText.SnakeCase(property.Name), property));

    private static int DepthOf(Type type) => type.BaseType is { } parent ? 1 + DepthOf(parent) : 0;

    /// <summary>Overwrites the fields of a record, which is changed in place.</summary>
    public void Bind(object record, SpecNode.Map map, string path)
    {
        var fields = FieldsOf(record.GetType()).ToDictionary(field => field.Name, field => field.Property);
        foreach (var (name, node) in map.Children)
        {
            var fieldPath = SpecText.Join(path, name);
            if (!fields.TryGetValue(name, out var property))
            {
                var hint = SpecText.Hint(name, fields.Keys, ";");
                Problems.Add(new SpecProblem(fieldPath, $"unknown field{hint} known: {string.Join(", ", fields.Keys)}"));
            }
            else if (property.CanWrite)
            {
                BindField(record, property, node, fieldPath);
            }
            else if (node is not SpecNode.Value { Text: not null })
            {
                Fail(fieldPath, $"{node.Describe()} is not text");
            }
        }
    }

    private void BindField(object record, PropertyInfo property, SpecNode node, string path)
    {
        var type = property.PropertyType;
        if (node is SpecNode.Map map && property.GetValue(record) is { } nested && IsRecord(nested.GetType()))
        {
            Bind(nested, map, path);
        }
        else if (IsRecord(type))
        {
            Problems.Add(new SpecProblem(path, $"must be a group of fields, not {node.Describe()}"));
        }
        else if (TryConvert(type, property.GetCustomAttribute<LimitAttribute>(), node, path, out var value))
        {
            property.SetValue(record, value);
        }
    }

    private bool TryConvert(Type type, LimitAttribute? limit, SpecNode node, string path, out object? value)
    {
        value = null;
        if (type == typeof(IReadOnlyDictionary<string, string>))
        {
            return TryConvertOptions(node, path, out value);
        }

        if (type == typeof(IReadOnlyList<int>))
        {
            return TryConvertList(limit, node, path, out value);
        }

        var isOptional = Nullable.GetUnderlyingType(type) is not null;
        if (node is SpecNode.Value { Text: null } && isOptional)
        {
            return true;
        }

        if (node is not SpecNode.Value { Text: { } text })
        {
            return Fail(path, $"{node.Describe()} is not {KindOf(type)}");
        }

        return TryParse(Nullable.GetUnderlyingType(type) ?? type, limit, text, path, out value);
    }

    private bool TryParse(Type type, LimitAttribute? limit, string text, string path, out object? value)
    {
        value = null;
        var shown = SpecText.Shorten(text);
        if (type == typeof(string))
        {
            value = text;
            return true;
        }

        if (type == typeof(bool))
        {
            var isFlag = NumberReader.TryReadFlag(text, out var flag);
            value = flag;
            return isFlag || Fail(path, $"'{shown}' is not true or false");
        }

        if (type.IsEnum)
        {
            var names = Enum.GetNames(type).ToDictionary(SpecText.SnakeCase);
            if (!names.TryGetValue(text, out var name))
            {
                return Fail(path, $"'{shown}' is not one of {string.Join(", ", names.Keys)}{SpecText.Hint(text, names.Keys)}");
            }

            value = Enum.Parse(type, name);
            return true;
        }

        if (type == typeof(double))
        {
            if (!NumberReader.TryReadReal(text, out var number))
            {
                return Fail(path, $"'{shown}' is not a finite number{NumberReader.Hint(shown)}");
            }

            value = number;
            return limit is null || limit.Allows(number) || Fail(path, $"{shown} is out of range, allowed: {limit.Allowed}");
        }

        var isHuge = NumberReader.TryReadReal(text, out var real) && Math.Abs(real) > ulong.MaxValue;
        if (!NumberReader.TryReadWhole(text, out var whole) && !isHuge)
        {
            return Fail(path, $"'{shown}' is not a whole number{NumberReader.Hint(shown)}");
        }

        var (minimum, maximum) = type == typeof(int) ? (int.MinValue, int.MaxValue)
            : type == typeof(long) ? (long.MinValue, long.MaxValue)
            : ((decimal)ulong.MinValue, (decimal)ulong.MaxValue);
        if (isHuge || whole < minimum || whole > maximum || limit?.Allows((double)whole) == false)
        {
            return Fail(path, $"{shown} is out of range, allowed: {limit?.Allowed ?? $"[{minimum}, {maximum}]"}");
        }

        value = System.Convert.ChangeType(whole, type, System.Globalization.CultureInfo.InvariantCulture);
        return true;
    }

    private bool TryConvertList(LimitAttribute? limit, SpecNode node, string path, out object? value)
    {
        value = null;
        if (node is not SpecNode.List list)
        {
            return Fail(path, $"{node.Describe()} is not a list of whole numbers");
        }

        // On the wire an empty list is the same as none, which means the default.
        if (list.Items.Count == 0)
        {
            return Fail(path, $"an empty list is not a list of whole numbers, allowed: at least one, {limit?.Allowed}");
        }

        var numbers = new int[list.Items.Count];
        var good = true;
        for (var i = 0; i < numbers.Length; i++)
        {
            good &= TryConvert(typeof(int), limit, list.Items[i], $"{path}[{i}]", out var item);
            numbers[i] = item is int number ? number : 0;
        }

        value = numbers;
        return good;
    }

    private bool TryConvertOptions(SpecNode node, string path, out object? value)
    {
        var options = new Dictionary<string, string>();
        value = options;
        if (node is not SpecNode.Map map)
        {
            return node is SpecNode.Value { Text: null } || Fail(path, $"must be a group of options, not {node.Describe()}");
        }

        var good = true;
        foreach (var (name, child) in map.Children)
        {
            if (TextOf(child) is { } text)
            {
                options[name] = text;
                if (name.Length > LongestOption || text.Length > LongestOption)
                {
                    var message = $"{child.Describe()} or its name is too long, allowed: {LongestOption} characters";
                    good = Fail(SpecText.Join(path, name), message);
                }
            }
            else
            {
                good = Fail(SpecText.Join(path, name), $"{child.Describe()} is not a single value, nor a list of two numbers");
            }
        }

        return good;
    }

    /// <summary>Of a value; of two numbers in a list, as the option reads them.</summary>
    private static string? TextOf(SpecNode node) => node switch
    {
        SpecNode.Value { Text: var text } => text,
        SpecNode.List { Items: [SpecNode.Value { Text: { } low }, SpecNode.Value { Text: { } high }] }
            when !$"{low}{high}".Contains(',', StringComparison.Ordinal) => $"{low} {high}",
        _ => null,
    };

    private bool Fail(string path, string message)
    {
        Problems.Add(new SpecProblem(path, message));
        return false;
    }

    /// <summary>Whether a field is a group of fields.</summary>
    internal static bool IsRecord(Type type) => type.IsClass && (type.Namespace == typeof(ExperimentOptions).Namespace || type.IsAssignableTo(typeof(AlgorithmOptions)));

    private static string KindOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(bool) => "true or false",
        var t when t == typeof(string) => "text",
        var t when t == typeof(double) => "a number",
        { IsEnum: true } t => $"one of {string.Join(", ", Enum.GetNames(t).Select(SpecText.SnakeCase))}",
        _ => "a whole number",
    };
}
