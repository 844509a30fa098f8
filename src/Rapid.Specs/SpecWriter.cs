using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Rapid.Protocol.Specs;
using Struct = Google.Protobuf.WellKnownTypes.Struct;
using WireValue = Google.Protobuf.WellKnownTypes.Value;

namespace Rapid.Specs;

/// <summary>Complete options as YAML with comments, as a wire message, and as JSON.</summary>
public static class SpecWriter
{
    // A double, as numbers of a Struct are, holds all whole numbers up to here.
    private const long LargestExact = 1L << 53;

    private static readonly ConcurrentDictionary<Assembly, Dictionary<string, string>> Summaries = [];

    /// <summary>Every field, with what it means and what is allowed; <see cref="SpecReader"/> reads it back equal.</summary>
    public static string ToYaml(ExperimentOptions options)
    {
        var text = new StringBuilder();
        AppendYaml(text, options, "");
        return text.ToString();
    }

    /// <summary>Every field set.</summary>
    public static Protocol.V1.ExperimentSpec ToMessage(ExperimentOptions options)
    {
        var message = new Protocol.V1.ExperimentSpec();
        Fill(message, options);
        return message;
    }

    /// <summary>Every field, in declaration order.</summary>
    public static JsonObject ToJson(ExperimentOptions options) => ToJsonObject(options);

    private static void AppendYaml(StringBuilder text, object record, string indent)
    {
        foreach (var (name, property) in SpecBinder.FieldsOf(record.GetType()))
        {
            var value = property.GetValue(record);
            if (value is null)
            {
                text.Append(indent).Append("# ").Append(name).Append(": ").AppendLine(Summary(property));
                continue;
            }

            var limit = property.GetCustomAttribute<LimitAttribute>();
            var choices = value is Enum ? $" One of {string.Join(", ", Enum.GetNames(value.GetType()).Select(SpecText.SnakeCase))}." : "";
            text.Append(indent).Append("# ").Append(Summary(property)).Append(choices)
                .AppendLine(limit is null ? "" : $" Allowed: {limit.Allowed}.");
            text.Append(indent).Append(name).Append(':');
            switch (value)
            {
                case IReadOnlyDictionary<string, string> map:
                    text.AppendLine(map.Count == 0 ? " {}" : "");
                    foreach (var (option, setting) in map)
                    {
                        text.Append(indent).Append("  ").Append(option).Append(": ").AppendLine(Quote(setting));
                    }

                    break;
                case IReadOnlyList<int> list:
                    text.Append(" [").AppendJoin(", ", list).AppendLine("]");
                    break;
                case string literal:
                    text.Append(' ').AppendLine(Quote(literal));
                    break;
                case var scalar when scalar.GetType().IsValueType:
                    text.Append(' ').AppendLine(SpecText.Of(scalar));
                    break;
                default:
                    text.AppendLine();
                    AppendYaml(text, value, indent + "  ");
                    break;
            }
        }
    }

    // Plain only what no YAML reader takes for anything but text.
    private static string Quote(string text) =>
        text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/')
        && !double.TryParse(text, out _) && text is not ("true" or "false" or "null")
            ? text
            : JsonValue.Create(text).ToJsonString();

    private static void Fill(IMessage message, object record)
    {
        var properties = SpecBinder.FieldsOf(record.GetType()).ToDictionary(field => field.Name, field => field.Property);
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType == FieldType.Message && field.MessageType == Struct.Descriptor)
            {
                var others = message.Descriptor.Fields.InDeclarationOrder().Select(other => other.Name);
                field.Accessor.SetValue(message, StructOf(record, properties.ExceptBy(others, pair => pair.Key)));
                continue;
            }

            if (!properties.TryGetValue(field.Name, out var property) || property.GetValue(record) is not { } value)
            {
                continue;
            }

            if (field.IsMap)
            {
                var map = (IDictionary<string, string>)field.Accessor.GetValue(message);
                foreach (var (name, setting) in (IReadOnlyDictionary<string, string>)value)
                {
                    map[name] = setting;
                }
            }
            else if (field.IsRepeated)
            {
                var list = (IList)field.Accessor.GetValue(message);
                foreach (var item in (IReadOnlyList<int>)value)
                {
                    list.Add(item);
                }
            }
            else if (field.FieldType == FieldType.Message)
            {
                var child = field.MessageType.Parser.ParseFrom(ByteString.Empty);
                Fill(child, value);
                field.Accessor.SetValue(message, child);
            }
            else
            {
                field.Accessor.SetValue(message, value is Enum ? SpecText.Of(value) : value);
            }
        }
    }

    private static Struct StructOf(object record, IEnumerable<KeyValuePair<string, PropertyInfo>> properties)
    {
        var options = new Struct();
        foreach (var (name, property) in properties)
        {
            if (property.GetValue(record) is { } value)
            {
                options.Fields[name] = value switch
                {
                    bool flag => WireValue.ForBool(flag),
                    double number => WireValue.ForNumber(number),
                    int number => WireValue.ForNumber(number),
                    long number and >= -LargestExact and <= LargestExact => WireValue.ForNumber(number),
                    IReadOnlyList<int> list => WireValue.ForList([.. list.Select(item => WireValue.ForNumber(item))]),
                    _ => WireValue.ForString(SpecText.Of(value)),
                };
            }
        }

        return options;
    }

    private static JsonObject ToJsonObject(object record)
    {
        var json = new JsonObject();
        foreach (var (name, property) in SpecBinder.FieldsOf(record.GetType()))
        {
            json[name] = property.GetValue(record) switch
            {
                null => null,
                bool value => value,
                int value => value,
                long value => value,
                ulong value => value,
                double value => value,
                string value => value,
                Enum value => SpecText.Of(value),
                IReadOnlyList<int> value => new JsonArray([.. value.Select(item => (JsonNode)item)]),
                IReadOnlyDictionary<string, string> value =>
                    new JsonObject(value.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
                var value => ToJsonObject(value),
            };
        }

        return json;
    }

    /// <summary>What an option means; empty when its documentation file is missing.</summary>
    internal static string Summary(PropertyInfo property) =>
        Summaries.GetOrAdd(property.DeclaringType!.Assembly, LoadSummaries).GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{property.Name}", "");

    /// <summary>The summaries of an assembly's options records, from the documentation file that is built with it.</summary>
    private static Dictionary<string, string> LoadSummaries(Assembly assembly)
    {
        var path = Path.ChangeExtension(assembly.Location, ".xml");
        return File.Exists(path)
            ? XDocument.Load(path).Descendants("member")
                .Where(member => member.Element("summary") is not null)
                .ToDictionary(member => (string)member.Attribute("name")!, member => Flatten(member.Element("summary")!))
            : [];
    }

    private static string Flatten(XElement summary)
    {
        var text = string.Concat(summary.Nodes().Select(node => node switch
        {
            XText part => part.Value,
            XElement { Name.LocalName: "see" } see => SpecText.SnakeCase(((string?)see.Attribute("cref") ?? "").Split('.')[^1]),
            XElement element => element.Value,
            _ => "",
        }));
        return string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }
}
