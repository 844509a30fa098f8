using Google.Protobuf;
using Google.Protobuf.Reflection;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using Scalar = System.String;

namespace Rapid.Protocol.Specs;

/// <summary>A spec before it means anything: the common form of YAML files, wire messages and command-line overrides.</summary>
internal abstract record SpecNode
{
    private const int MaximumDepth = 16;

    /// <summary>Text as written; null for YAML's null.</summary>
    public sealed record Value(Scalar? Text) : SpecNode;

    /// <summary>A sequence.</summary>
    public sealed record List(IReadOnlyList<SpecNode> Items) : SpecNode;

    /// <summary>Named children in the order written.</summary>
    public sealed record Map(Dictionary<string, SpecNode> Children) : SpecNode;

    /// <summary>What this is, for a person.</summary>
    public string Describe() => this switch
    {
        Value { Text: null } => "nothing",
        Value value => $"'{value.Text}'",
        List => "a list",
        _ => "a group of fields",
    };

    /// <summary>Reads YAML. An empty document is an empty map.</summary>
    /// <exception cref="SpecException">It is not YAML, or repeats a key, or is nested too deeply.</exception>
    public static Map FromYaml(string yaml)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            var root = stream.Documents.Count == 0 ? new Map([]) : Convert(stream.Documents[0].RootNode, 0);
            return root switch
            {
                Map map => map,
                Value { Text: null or "" } => new Map([]),
                _ => throw new SpecException([new SpecProblem("", $"the spec must be fields and values, not {root.Describe()}")]),
            };
        }
        catch (YamlException error)
        {
            throw new SpecException([new SpecProblem("", $"not valid YAML at line {error.Start.Line}, column {error.Start.Column}: {error.Message}")]);
        }
    }

    /// <summary>Reads a scalar or a flow list as YAML does, for an override.</summary>
    public static SpecNode FromText(string text) => FromYaml($"value: {text}").Children["value"];

    /// <summary>The fields that are set in a wire message.</summary>
    public static Map FromMessage(IMessage message)
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
            else if (field.Accessor.HasValue(message))
            {
                children[field.Name] = field.FieldType == FieldType.Message ? FromMessage((IMessage)value) : new Value(SpecText.Of(value));
            }
        }

        return new Map(children);
    }

    private static SpecNode Convert(YamlNode node, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw new SpecException([new SpecProblem("", $"line {node.Start.Line}: nested more than {MaximumDepth} levels deep")]);
        }

        switch (node)
        {
            case YamlScalarNode scalar:
                var isNull = scalar.Style == ScalarStyle.Plain && scalar.Value is null or "" or "~" or "null";
                return new Value(isNull ? null : scalar.Value);
            case YamlSequenceNode sequence:
                return new List([.. sequence.Children.Select(child => Convert(child, depth + 1))]);
            case YamlMappingNode mapping:
                var children = new Dictionary<string, SpecNode>();
                foreach (var (key, value) in mapping.Children)
                {
                    children[key is YamlScalarNode { Value: { } name } ? name : key.ToString()] = Convert(value, depth + 1);
                }

                return new Map(children);
            default:
                throw new SpecException([new SpecProblem("", $"line {node.Start.Line}: {node.NodeType} is not used in specs")]);
        }
    }
}
