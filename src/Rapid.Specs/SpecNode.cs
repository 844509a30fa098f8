using Google.Protobuf;
using Google.Protobuf.Reflection;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using Struct = Google.Protobuf.WellKnownTypes.Struct;
using WireValue = Google.Protobuf.WellKnownTypes.Value;
using YamlScalar = YamlDotNet.Core.Events.Scalar;

namespace Rapid.Specs;

/// <summary>A spec before it means anything: the common form of YAML files, wire messages and command-line overrides.</summary>
internal abstract record SpecNode
{
    private const int MaximumDepth = 16;

    // Whole numbers below are written as such; a double's own format would give many an exponent, which no whole number of a spec has.
    private const double LargestWhole = 1e18;

    /// <summary>Text as written; null for YAML's null.</summary>
    public sealed record Value(string? Text) : SpecNode;

    /// <summary>A sequence.</summary>
    public sealed record List(IReadOnlyList<SpecNode> Items) : SpecNode;

    /// <summary>Named children in the order written.</summary>
    public sealed record Map(Dictionary<string, SpecNode> Children) : SpecNode;

    /// <summary>What this is, for a person.</summary>
    public string Describe() => this switch
    {
        Value { Text: null } => "nothing",
        Value { Text: var text } => $"'{SpecText.Shorten(text)}'",
        List => "a list",
        _ => "a group of fields",
    };

    /// <summary>Reads YAML. An empty document is an empty map.</summary>
    /// <param name="yaml">One document.</param>
    /// <param name="problems">Hears of repeated keys, of which the first is kept.</param>
    /// <exception cref="SpecException">It is not YAML, or not one group of fields, or nested too deeply, or uses aliases.</exception>
    public static Map FromYaml(string yaml, List<SpecProblem> problems)
    {
        // Events instead of YamlDotNet's document model, which follows any depth and expands aliases before anyone can object.
        var parser = new Parser(new StringReader(yaml));
        try
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                return new Map([]);
            }

            var root = ReadYaml(parser, "", 0, problems);
            parser.Consume<DocumentEnd>();
            if (parser.TryConsume<DocumentStart>(out var second))
            {
                throw Refused(second, "a second document; a spec is one document");
            }

            return root switch
            {
                Map map => map,
                Value { Text: null or "" } => new Map([]),
                _ => throw new SpecException([new SpecProblem("", $"the spec must be fields and values, not {root.Describe()}")]),
            };
        }
        catch (YamlException error)
        {
            // For a character that starts nothing, such as a tab, YamlDotNet's mark is the beginning of the text.
            var line = Math.Max(error.End.Line, parser.Current?.End.Line ?? 1);
            throw new SpecException([new SpecProblem("", $"not valid YAML near line {line}: {error.Message}")]);
        }
        catch (InvalidOperationException)
        {
            // What YamlDotNet's scanner throws for a plain value without a character, such as a ":" before a flow indicator.
            throw new SpecException(
                [new SpecProblem("", $"not valid YAML near line {parser.Current?.End.Line ?? 1}: a value has no text")]);
        }
    }

    /// <summary>Reads a scalar or a flow list as YAML does, for an override.</summary>
    /// <exception cref="SpecException">It is neither.</exception>
    public static SpecNode FromText(string text)
    {
        var problems = new List<SpecProblem>();
        var map = FromYaml($"value: {text}", problems).Children;
        return problems.Count == 0 && map.Count == 1 ? map["value"] : throw new SpecException([new SpecProblem("", "more than one value")]);
    }

    /// <summary>The fields that are set in a wire message. Those of a Struct stand beside the other fields of the message that has it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="path">Where it is in the spec; "" for the spec itself.</param>
    /// <param name="problems">Hears of fields that are there twice, of which the first is kept.</param>
    public static Map FromMessage(IMessage message, string path, List<SpecProblem> problems)
    {
        var children = new Dictionary<string, SpecNode>();
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (field.IsMap)
            {
                var entries = (IDictionary<string, string>)value;
                if (entries.Count > 0)
                {
                    children[field.Name] = new Map(entries.ToDictionary(entry => entry.Key, entry => (SpecNode)new Value(entry.Value)));
                }
            }
            else if (field.IsRepeated)
            {
                SpecNode[] items = [.. ((System.Collections.IList)value).Cast<object>().Select(item => new Value(SpecText.Of(item)))];
                if (items.Length > 0)
                {
                    children[field.Name] = new List(items);
                }
            }
            else if (value is Struct options)
            {
                foreach (var (name, item) in options.Fields)
                {
                    if (!children.TryAdd(name, FromValue(item)))
                    {
                        problems.Add(new SpecProblem(SpecText.Join(path, name), $"is there twice, again in {field.Name}"));
                    }
                }
            }
            else if (field.Accessor.HasValue(message))
            {
                children[field.Name] = field.FieldType == FieldType.Message
                    ? FromMessage((IMessage)value, SpecText.Join(path, field.Name), problems)
                    : new Value(SpecText.Of(value));
            }
        }

        return new Map(children);
    }

    private static SpecNode FromValue(WireValue value) => value.KindCase switch
    {
        WireValue.KindOneofCase.BoolValue => new Value(SpecText.Of(value.BoolValue)),
        WireValue.KindOneofCase.StringValue => new Value(value.StringValue),
        WireValue.KindOneofCase.NumberValue when double.IsInteger(value.NumberValue) && Math.Abs(value.NumberValue) < LargestWhole =>
            new Value(SpecText.Of((long)value.NumberValue)),
        WireValue.KindOneofCase.NumberValue => new Value(SpecText.Of(value.NumberValue)),
        WireValue.KindOneofCase.ListValue => new List([.. value.ListValue.Values.Select(FromValue)]),
        WireValue.KindOneofCase.StructValue =>
            new Map(value.StructValue.Fields.ToDictionary(field => field.Key, field => FromValue(field.Value))),
        _ => new Value(null),
    };

    private static SpecNode ReadYaml(Parser parser, string path, int depth, List<SpecProblem> problems)
    {
        var start = parser.Consume<ParsingEvent>();
        if (depth > MaximumDepth)
        {
            throw Refused(start, $"nested more than {MaximumDepth} levels deep");
        }

        switch (start)
        {
            case YamlScalar scalar:
                var isNull = scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null";
                return new Value(isNull ? null : scalar.Value);
            case SequenceStart:
                var items = new List<SpecNode>();
                while (!parser.TryConsume<SequenceEnd>(out _))
                {
                    items.Add(ReadYaml(parser, $"{path}[{items.Count}]", depth + 1, problems));
                }

                return new List(items);
            case MappingStart:
                var children = new Dictionary<string, SpecNode>();
                while (!parser.TryConsume<MappingEnd>(out _))
                {
                    var key = parser.Consume<ParsingEvent>();
                    var name = key is YamlScalar { Value: var text } ? text : throw Refused(key, "a key must be the name of a field");
                    var field = SpecText.Join(path, name);
                    if (!children.TryAdd(name, ReadYaml(parser, field, depth + 1, problems)))
                    {
                        problems.Add(new SpecProblem(field, $"is there twice, again at line {key.Start.Line}"));
                    }
                }

                return new Map(children);
            default:
                throw Refused(start, "aliases (*name) are not used in specs; write the value out");
        }
    }

    private static SpecException Refused(ParsingEvent at, string why) => new([new SpecProblem("", $"line {at.Start.Line}: {why}")]);
}
