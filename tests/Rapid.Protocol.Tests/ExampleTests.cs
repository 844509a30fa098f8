using Rapid.Environments.Registry;
using Rapid.Specs;
using YamlDotNet.RepresentationModel;

namespace Rapid.Protocol.Tests;

public class ExampleTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "examples");

    public static TheoryData<string> Examples() =>
        [.. Directory.EnumerateFiles(Folder, "*.yaml").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>An example has no effect that is not written in it.</summary>
    [Theory, MemberData(nameof(Examples))]
    public void An_example_differs_from_the_defaults_only_as_written(string file)
    {
        var text = File.ReadAllText(Path.Combine(Folder, file));
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        var written = PathsOf((YamlMappingNode)yaml.Documents[0].RootNode, "").ToHashSet();

        var options = SpecReader.ReadYaml(text);

        var (algorithm, preset) = (options.Algorithm.Name, options.Algorithm.Preset);
        var defaults = OptionsTree.Flatten(Presets.Default(EnvironmentRegistry.Find(options.Environment.Name)!, algorithm, preset));
        var changed = OptionsTree.Flatten(options).Where(pair => defaults[pair.Key] != pair.Value).Select(pair => pair.Key).ToHashSet();
        Assert.Subset(written, changed);
        Assert.Contains("environment.name", written);
    }

    /// <summary>Version 5 of a task is trained as version 4 is.</summary>
    [Fact]
    public void There_is_an_example_for_every_environment()
    {
        var specs = Directory.EnumerateFiles(Folder, "*.yaml").Select(path => SpecReader.ReadYaml(File.ReadAllText(path)));

        Assert.Equal(
            EnvironmentRegistry.All.Where(info => !info.IsMuJoCo || info.Name.EndsWith("-v4", StringComparison.Ordinal))
                .Select(info => info.Name).Append("DuelNoFrameskip-v4").Order(),
            specs.Select(options => options.Environment.Name).Distinct().Order());
    }

    [Fact]
    public void The_example_of_half_cheetah_is_the_default_spec() => Assert.Equal(
        OptionsTree.Flatten(SpecReader.ReadYaml(SpecReader.DefaultYaml)),
        OptionsTree.Flatten(SpecReader.ReadYaml(File.ReadAllText(Path.Combine(Folder, "halfcheetah-ppo.yaml")))));

    private static IEnumerable<string> PathsOf(YamlMappingNode node, string path) => node.Children.SelectMany(child =>
    {
        var name = path + ((YamlScalarNode)child.Key).Value;
        return child.Value is YamlMappingNode group ? PathsOf(group, name + ".") : [name];
    });
}
