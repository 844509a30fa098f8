using System.Globalization;
using Google.Protobuf.Reflection;
using Rapid.Agents;
using Rapid.Agents.Sac;
using Rapid.Environments.Registry;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;
using YamlDotNet.RepresentationModel;
using Struct = Google.Protobuf.WellKnownTypes.Struct;

namespace Rapid.Protocol.Tests;

/// <summary>A new option cannot be forgotten in the message, in the written YAML or in the limits.</summary>
public class FieldParityTests
{
    public static TheoryData<string> Algorithms() => [.. AgentRegistry.Names];

    [Fact]
    public void Every_option_is_a_field_of_the_message_with_the_right_type_and_presence_and_no_field_is_without_option()
    {
        var fields = FieldsOf(ExperimentSpec.Descriptor, "").ToDictionary(field => field.Path, field => field.Field);

        var leaves = OptionsTree.Leaves.Where(leaf => !IsOfAlgorithm(leaf.Path)).ToArray();
        Assert.Equal(leaves.Select(leaf => leaf.Path).Append("algorithm.options").Order(), fields.Keys.Order());
        Assert.All(leaves, leaf =>
        {
            var field = fields[leaf.Path];
            Assert.Equal((leaf.Path, ExpectedType(leaf.Type)), (leaf.Path, field.FieldType));
            Assert.True(field.IsRepeated || field.HasPresence, $"{leaf.Path} must be optional: not set means the default");
        });
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void Every_option_of_an_algorithm_travels_by_its_name(string algorithm)
    {
        var message = SpecWriter.ToMessage(WithEveryOption(algorithm)).Algorithm;

        Assert.Equal(
            OptionsTree.Of(algorithm).Select(leaf => leaf.Path).Where(IsOfAlgorithm).Order(),
            message.Options.Fields.Keys.Select(name => $"algorithm.{name}").Order());
    }

    [Fact]
    public void Options_of_the_same_name_have_the_same_type_and_limit_in_every_algorithm() => Assert.All(
        AgentRegistry.Names.SelectMany(OptionsTree.Of),
        leaf =>
        {
            var first = OptionsTree.Leaves.Single(other => other.Path == leaf.Path);
            Assert.Equal((first.Type, first.Limit?.Allowed), (leaf.Type, leaf.Limit?.Allowed));
        });

    [Theory, MemberData(nameof(Algorithms))]
    public void The_written_yaml_has_every_option_where_the_records_have_it(string algorithm)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(SpecWriter.ToYaml(WithEveryOption(algorithm))));

        Assert.Equal(
            OptionsTree.Of(algorithm).Select(leaf => leaf.Path).Order(),
            PathsOf((YamlMappingNode)yaml.Documents[0].RootNode, "").Order());
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void The_written_yaml_explains_every_option(string algorithm)
    {
        var yaml = SpecWriter.ToYaml(Presets.Default(EnvironmentRegistry.Find("CartPole-v1")!, algorithm));
        var lines = yaml.Split('\n');
        Assert.All(OptionsTree.Of(algorithm), leaf =>
        {
            var name = leaf.Path.Split('.')[^1];
            var at = Array.FindIndex(lines, line => line.TrimStart().StartsWith($"{name}:", StringComparison.Ordinal));
            var comment = at < 0 ? lines.Single(line => line.Trim().StartsWith($"# {name}: ", StringComparison.Ordinal)) : lines[at - 1];
            Assert.Matches(@"^ *# \S.{7,}", comment);
        });
        yaml = SpecWriter.ToYaml(WithEveryOption(algorithm));
        Assert.All(
            OptionsTree.Of(algorithm).Where(leaf => leaf.Limit is not null),
            leaf => Assert.Contains($"Allowed: {leaf.Limit!.Allowed}.", yaml, StringComparison.Ordinal));
        Assert.Contains("One of auto, cpu, cuda.", yaml, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void Every_json_value_has_the_same_place(string algorithm)
    {
        var json = SpecWriter.ToJson(Presets.Default(EnvironmentRegistry.Find("CartPole-v1")!, algorithm));
        Assert.All(OptionsTree.Of(algorithm), leaf =>
        {
            var group = leaf.Path.Split('.')[..^1].Aggregate(json, (node, name) => node[name]!.AsObject());
            Assert.True(group.ContainsKey(leaf.Path.Split('.')[^1]), leaf.Path);
        });
    }

    [Fact]
    public void Every_number_but_the_seed_has_a_limit()
    {
        var unlimited = OptionsTree.Leaves.Where(leaf => leaf.IsNumber && leaf.Limit is null).Select(leaf => leaf.Path);

        Assert.Equal(["seed"], unlimited);
    }

    [Fact]
    public void Every_default_is_within_its_limits() => Assert.All(
        from info in EnvironmentRegistry.All
        from algorithm in AgentRegistry.Names
        from preset in Presets.Of(algorithm)
        select Presets.Default(info, algorithm, preset),
        options => Assert.All(OptionsTree.Of(options.Algorithm.Name).Where(leaf => leaf.Limit is not null && leaf.IsNumber), leaf =>
        {
            var text = OptionsTree.Flatten(options)[leaf.Path];
            Assert.True(text == "(none)" || leaf.Limit!.Allows(double.Parse(text, CultureInfo.InvariantCulture)), $"{leaf.Path}: {text}");
        }));

    /// <summary>Defaults, with a value where the default is none.</summary>
    private static ExperimentOptions WithEveryOption(string algorithm)
    {
        var options = Presets.Default(EnvironmentRegistry.Find("CartPole-v1")!, algorithm);
        return options with
        {
            Environment = options.Environment with { MaxEpisodeSteps = 7 },
            Algorithm = options.Algorithm is SacOptions sac ? sac with { TargetEntropy = -1 } : options.Algorithm,
        };
    }

    private static IEnumerable<(string Path, FieldDescriptor Field)> FieldsOf(MessageDescriptor message, string path) =>
        message.Fields.InDeclarationOrder().SelectMany(field =>
            field.FieldType == FieldType.Message && !field.IsMap && field.MessageType != Struct.Descriptor
            ? FieldsOf(field.MessageType, $"{path}{field.Name}.")
            : [($"{path}{field.Name}", field)]);

    /// <summary>Whether an algorithm has this option, and not the group of all of them.</summary>
    private static bool IsOfAlgorithm(string path) =>
        path.StartsWith("algorithm.", StringComparison.Ordinal) && path is not ("algorithm.name" or "algorithm.preset");

    private static IEnumerable<string> PathsOf(YamlMappingNode node, string path) => node.Children.SelectMany(child =>
    {
        var name = path + ((YamlScalarNode)child.Key).Value;
        return child.Value is YamlMappingNode { Children.Count: > 0 } group ? PathsOf(group, name + ".") : [name];
    });

    private static FieldType ExpectedType(Type type) => type switch
    {
        var t when t == typeof(bool) => FieldType.Bool,
        var t when t == typeof(double) => FieldType.Double,
        var t when t == typeof(int) || t == typeof(IReadOnlyList<int>) => FieldType.Int32,
        var t when t == typeof(long) => FieldType.Int64,
        var t when t == typeof(ulong) => FieldType.UInt64,
        var t when t == typeof(IReadOnlyDictionary<string, string>) => FieldType.Message,
        _ => FieldType.String,
    };
}
