using System.Globalization;
using System.Reflection;
using Rapid.Core;

namespace Rapid.Environments.MuJoCo;

/// <summary>Options of tasks as text: what there is, what is wrong, and the record that it makes.</summary>
internal static class TaskOptions
{
    /// <summary>Names of the options and what they take, defaults in brackets.</summary>
    /// <param name="defaults">Of one version of a task.</param>
    public static Dictionary<string, string> Describe(MuJoCoOptions defaults) => FieldsOf(defaults).ToDictionary(
        field => field.Option.Name,
        field => field.Property.PropertyType == typeof(string)
            ? field.Option.Meaning
            : $"{KindOf(field.Property, field.Option)}: {field.Option.Meaning} ({TextOf(field.Property.GetValue(defaults)!)})");

    /// <summary>Why texts of the right form are no values of their options, one text each.</summary>
    public static IEnumerable<(string Option, string Problem)> Check(MuJoCoOptions defaults, IReadOnlyDictionary<string, string> texts) =>
        from field in FieldsOf(defaults)
        where texts.ContainsKey(field.Option.Name)
        let value = Parse(field.Property.PropertyType, texts[field.Option.Name])
        where value is null || (value is int or double && !IsAllowed(Convert.ToDouble(value, CultureInfo.InvariantCulture), field.Option))
        select (field.Option.Name, $"'{texts[field.Option.Name]}' is not {KindOf(field.Property, field.Option)}");

    /// <summary>The defaults with what the texts say.</summary>
    /// <param name="defaults">Of one version of a task.</param>
    /// <param name="texts">Texts in which <see cref="Check"/> finds nothing wrong.</param>
    public static T Read<T>(T defaults, IReadOnlyDictionary<string, string> texts)
        where T : MuJoCoOptions
    {
        var options = defaults with { };
        foreach (var (property, option) in FieldsOf(defaults))
        {
            if (texts.TryGetValue(option.Name, out var text))
            {
                property.SetValue(options, Parse(property.PropertyType, text));
            }
        }

        return options;
    }

    private static IEnumerable<(PropertyInfo Property, TaskOptionAttribute Option)> FieldsOf(MuJoCoOptions defaults) =>
        from property in defaults.GetType().GetProperties()
        let option = property.GetCustomAttribute<TaskOptionAttribute>()
        where option is not null && defaults.Version >= option.From && defaults.Version <= option.Until
        select (property, option);

    private static bool IsAllowed(double value, TaskOptionAttribute option) => value >= option.AtLeast && value <= option.AtMost;

    private static object? Parse(Type type, string text) => Type.GetTypeCode(type) switch
    {
        TypeCode.Boolean => NumberReader.TryReadFlag(text, out var flag) ? flag : null,
        TypeCode.Int32 => NumberReader.TryReadWhole(text, out var whole) && Math.Abs(whole) <= int.MaxValue ? (int)whole : null,
        TypeCode.Double => NumberReader.TryReadReal(text, out var number) ? number : null,
        TypeCode.String => text,
        _ => Interval.TryParse(text, out var interval) ? interval : null,
    };

    private static string KindOf(PropertyInfo property, TaskOptionAttribute option)
    {
        var bound = double.IsInfinity(option.AtLeast) ? ""
            : double.IsInfinity(option.AtMost) ? $" of at least {TextOf(option.AtLeast)}"
            : $" from {TextOf(option.AtLeast)} to {TextOf(option.AtMost)}";
        return Type.GetTypeCode(property.PropertyType) switch
        {
            TypeCode.Boolean => "true or false",
            TypeCode.Int32 => $"a whole number{bound}",
            TypeCode.Double => $"a number{bound}",
            TypeCode.String => option.Meaning,
            _ => "two numbers, low and high",
        };
    }

    private static string TextOf(object value) =>
        value is bool flag ? (flag ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
