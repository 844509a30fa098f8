using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Rapid.Deployment.Tests;

/// <summary>YAML files of the repository as trees of dictionaries, lists and strings.</summary>
internal static class Yaml
{
    /// <summary>Every document of a file, with its merge keys resolved.</summary>
    public static IReadOnlyList<Node> Read(string path)
    {
        using var text = File.OpenText(path);
        var parser = new MergingParser(new Parser(text));
        var documents = new List<Node>();
        var deserializer = new DeserializerBuilder().Build();
        parser.Consume<YamlDotNet.Core.Events.StreamStart>();
        while (parser.Accept<YamlDotNet.Core.Events.DocumentStart>(out _))
        {
            documents.Add(new Node(deserializer.Deserialize<object?>(parser)));
        }

        return documents;
    }
}

/// <summary>A part of such a tree; what is not there is an empty one.</summary>
internal readonly record struct Node(object? Value)
{
    public Node this[string key] => Value is Dictionary<object, object?> map && map.TryGetValue(key, out var value) ? new(value) : default;

    public Node this[int index] => new(((List<object?>)Value!)[index]);

    public bool Exists => Value is not null;

    public string Text => Value as string ?? throw new InvalidDataException($"no text but {Value?.GetType().Name ?? "nothing"}");

    public IEnumerable<Node> Items => ((List<object?>?)Value ?? []).Select(item => new Node(item));

    public IEnumerable<(string Key, Node Value)> Fields =>
        ((Dictionary<object, object?>?)Value ?? []).Select(pair => ((string)pair.Key, new Node(pair.Value)));

    public string[] Texts => Value is string text ? [text] : [.. Items.Select(item => item.Text)];
}
