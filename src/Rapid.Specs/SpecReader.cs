using Google.Protobuf;
using Google.Protobuf.Reflection;
using Rapid.Agents;
using Rapid.Environments;
using Rapid.Environments.Registry;
using Rapid.Protocol.Specs;

namespace Rapid.Specs;

/// <summary>
/// Turns a spec, in YAML or as a wire message, into complete and valid options; or says everything that is wrong with it.
/// </summary>
public static class SpecReader
{
    /// <summary>The spec of <c>rapid train</c> without arguments.</summary>
    public const string DefaultYaml = "environment: { name: HalfCheetah-v4 }";

    /// <summary>Stands for an environment that is unknown, of the commonest kind, so that the other fields are still checked.</summary>
    private static readonly EnvironmentInfo Unknown =
        new("HalfCheetah-v4", "mujoco", 1000, null, "", new Dictionary<string, string>());

    /// <summary>Reads YAML.</summary>
    /// <param name="yaml">The document.</param>
    /// <param name="overrides">"path=value", applied over the document, for example "algorithm.learning_rate=1e-4".</param>
    /// <param name="folder">Of the document: files that it names are looked for there, then in the working folder, and their whole paths are
    /// put into the options.</param>
    /// <exception cref="SpecException">With every problem.</exception>
    public static ExperimentOptions ReadYaml(string yaml, IEnumerable<string>? overrides = null, string? folder = null)
    {
        var problems = new List<SpecProblem>();
        var tree = SpecNode.FromYaml(yaml, problems);
        foreach (var item in overrides ?? [])
        {
            Override(tree, item, problems);
        }

        RefuseControlCharacters(tree, "");
        if (folder is not null)
        {
            CompletePaths(tree, folder);
        }

        return Resolve(tree, problems);
    }

    /// <summary>Reads a wire message.</summary>
    /// <exception cref="SpecException">With every problem.</exception>
    public static ExperimentOptions Read(Protocol.V1.ExperimentSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var problems = new List<SpecProblem>();
        FindUnknownFields(spec, "", problems);
        var tree = SpecNode.FromMessage(spec, "", problems);
        RefuseControlCharacters(tree, "");
        return Resolve(tree, problems);
    }

    /// <summary>No name, number or path has one but a tab or the end of a line: the system refuses a path with U+0000, in words that name
    /// no field, and what is printed would move a terminal's cursor. Nothing of such a spec is looked at any further.</summary>
    private static void RefuseControlCharacters(SpecNode node, string path)
    {
        switch (node)
        {
            case SpecNode.Value { Text: { } text }:
                Refuse(text, path);
                break;
            case SpecNode.List list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    RefuseControlCharacters(list.Items[i], $"{path}[{i}]");
                }

                break;
            case SpecNode.Map map:
                foreach (var (name, child) in map.Children)
                {
                    Refuse(name, path);
                    RefuseControlCharacters(child, SpecText.Join(path, name));
                }

                break;
        }

        static void Refuse(string text, string path)
        {
            foreach (var character in text.Where(character => char.IsControl(character) && character is not ('\t' or '\n' or '\r')))
            {
                throw new SpecException([new SpecProblem(path, $"has the control character U+{(int)character:X4}, allowed: printable text")]);
            }
        }
    }

    private static void Override(SpecNode.Map tree, string item, List<SpecProblem> problems)
    {
        var cut = item.IndexOf('=', StringComparison.Ordinal);
        if (cut <= 0)
        {
            problems.Add(new SpecProblem(
                SpecText.Shorten(item), "an override is written path=value, for example algorithm.learning_rate=1e-4"));
            return;
        }

        var path = item[..cut].Trim().Split('.');
        var map = tree;
        foreach (var name in path[..^1])
        {
            if (!map.Children.TryGetValue(name, out var child) || child is not SpecNode.Map next)
            {
                map.Children[name] = next = new SpecNode.Map([]);
            }

            map = next;
        }

        try
        {
            map.Children[path[^1]] = SpecNode.FromText(item[(cut + 1)..]);
        }
        catch (SpecException)
        {
            problems.Add(new SpecProblem(SpecText.Shorten(item[..cut]), $"'{SpecText.Shorten(item[(cut + 1)..])}' is not a value"));
        }
    }

    /// <summary>
    /// A run goes on from any folder, so it must not depend on where it was started. What is not here may be where the run is.
    /// </summary>
    private static void CompletePaths(SpecNode.Map tree, string folder)
    {
        if (TextOf(tree, "environment", "name") is { } name)
        {
            if (EnvironmentRegistry.IsPath(name))
            {
                Complete("environment", "name");
            }

            var options = EnvironmentRegistry.Find(TextOf(tree, "environment", "name")!)?.Options ?? new Dictionary<string, string>();
            foreach (var (option, _) in options.Where(option => EnvironmentRegistry.IsPathOption(option.Value)))
            {
                Complete("environment", "options", option);
            }
        }

        Complete("replay", "data");

        void Complete(params string[] path)
        {
            if (TextOf(tree, path) is { Length: > 0 } text
                && Array.Find((string[])[folder, Directory.GetCurrentDirectory()], from => Path.Exists(Path.Combine(from, text))) is { } found)
            {
                var group = path[..^1].Aggregate(tree, (map, field) => (SpecNode.Map)map.Children[field]);
                group.Children[path[^1]] = new SpecNode.Value(Path.GetFullPath(text, Path.GetFullPath(found)));
            }
        }
    }

    /// <summary>Fields that a newer client knows and this code does not would silently change nothing.</summary>
    private static void FindUnknownFields(IMessage message, string path, List<SpecProblem> problems)
    {
        var parser = message.Descriptor.Parser;
        var own = parser.ParseFrom(message.ToByteString());
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType == FieldType.Message && !field.IsRepeated && field.Accessor.GetValue(message) is IMessage child)
            {
                FindUnknownFields(child, SpecText.Join(path, field.Name), problems);
                field.Accessor.Clear(own);
            }
        }

        if (own.CalculateSize() != parser.WithDiscardUnknownFields(true).ParseFrom(own.ToByteString()).CalculateSize())
        {
            const string Message = "the message has fields that this version does not know; submit it with the same version of Rapid";
            problems.Add(new SpecProblem(path, Message));
        }
    }

    private static ExperimentOptions Resolve(SpecNode.Map tree, List<SpecProblem> problems)
    {
        var binder = new SpecBinder();
        binder.Problems.AddRange(problems);
        var environment = FindEnvironment(tree, binder.Problems);
        var algorithm = Choose(tree, "algorithm", "name", Presets.DefaultAlgorithm, AgentRegistry.Names, binder.Problems);
        var preset = Choose(tree, "algorithm", "preset", Presets.Of(algorithm)[0], Presets.Of(algorithm), binder.Problems);

        var options = Presets.Default(environment ?? Unknown, algorithm, preset);
        binder.Bind(options, tree, "");
        if (environment is not null)
        {
            SpecRules.Check(options, environment, binder.Problems);
        }

        return binder.Problems.Count == 0 ? options : throw new SpecException(binder.Problems);
    }

    private static EnvironmentInfo? FindEnvironment(SpecNode.Map tree, List<SpecProblem> problems)
    {
        if (TextOf(tree, "environment", "name") is not { } name)
        {
            // When it is there but is no text, the binder says so.
            if (!tree.Children.TryGetValue("environment", out var node) || (node is SpecNode.Map map && !map.Children.ContainsKey("name")))
            {
                problems.Add(new SpecProblem("environment.name", "is missing; 'rapid envs' lists all"));
            }

            return null;
        }

        var info = EnvironmentRegistry.Find(name);
        if (info is null)
        {
            problems.Add(new SpecProblem("environment.name", $"'{SpecText.Shorten(name)}' {EnvironmentRegistry.WhyUnknown(name)}"));
        }

        // Some defaults, as the network, depend on what is seen.
        return info?.ShowsNoFramesWith is var (option, value)
            && value.Equals(TextOf(tree, "environment", "options", option)?.Trim(), StringComparison.OrdinalIgnoreCase)
            ? info with { ShowsFrames = false }
            : info;
    }

    private static string Choose(
        SpecNode.Map tree, string group, string field, string fallback, IReadOnlyList<string> known, List<SpecProblem> problems)
    {
        if (TextOf(tree, group, field) is not { } text || known.Contains(text))
        {
            return TextOf(tree, group, field) ?? fallback;
        }

        var plugins = AgentRegistry.PluginProblems is { Count: > 0 } lost ? $"; of plug-ins: {string.Join("; ", lost)}" : "";
        var message = $"'{SpecText.Shorten(text)}' is not one of {string.Join(", ", known)}{SpecText.Hint(text, known)}{plugins}";
        problems.Add(new SpecProblem($"{group}.{field}", message));
        return fallback;
    }

    private static string? TextOf(SpecNode.Map tree, params ReadOnlySpan<string> path)
    {
        SpecNode? node = tree;
        foreach (var name in path)
        {
            node = node is SpecNode.Map map ? map.Children.GetValueOrDefault(name) : null;
        }

        return node is SpecNode.Value { Text: { } text } ? text : null;
    }
}
