using System.Text;
using Rapid.Core;
using Rapid.Core.Plugins;
using Rapid.Environments.Atari;
using Rapid.Environments.Plugins;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests;

public sealed class PluginTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-plugins-");

    /// <summary>Where the build puts the plug-in: beside this project.</summary>
    internal static string Sample
    {
        get
        {
            var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
            return Path.Combine(own.Parent!.Parent!.FullName, "SamplePlugin", own.Name);
        }
    }

    private static string SampleFile => Path.Combine(Sample, "SamplePlugin.dll");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void An_environment_of_an_assembly_is_found_with_its_options_and_plays()
    {
        var source = new PluginSource(() => new PluginLibrary(new PluginAssemblies([Sample]), EnvironmentRegistry.IsBuiltIn));
        Assert.Contains("Corridor-v0", source.More.Select(info => info.Name));
        var info = source.Find("Corridor-v0")!;
        Assert.Equal(("plug-in", 50, 0.8, false), (info.Family, info.MaxEpisodeSteps, info.RewardThreshold, info.HasContinuousActions));
        Assert.Equal(["length"], info.Options.Keys);
        Assert.Empty(((IEnvironmentSource)source).Problems("Corridor-v0"));

        using var environment = source.Create("Corridor-v0", new Dictionary<string, string> { ["length"] = "3" });
        Assert.NotEqual(typeof(PluginTests).Assembly, environment.GetType().Assembly);
        using var vector = new VectorEnvironment(_ => source.Create("Corridor-v0", new Dictionary<string, string>()), 2, seed: 1);
        var observation = new float[1];
        environment.Reset(new RandomStream(1), observation);
        var steps = 0;
        while (!environment.Step([1], observation).Terminated)
        {
            steps++;
        }

        Assert.InRange(steps, 1, 2);
        Assert.Equal(1, observation[0]);
        Assert.Null(source.Find("Corridor-v1"));
    }

    [Fact]
    public void Plug_ins_that_cannot_be_made_are_one_sentence_each_and_nothing_else_breaks()
    {
        var library = new PluginLibrary(new PluginAssemblies([Sample]), EnvironmentRegistry.IsBuiltIn);
        Assert.Contains(library.Plugins, plugin => plugin.Info.Name == "Corridor-v0");
        Assert.All(library.Problems, problem => Assert.StartsWith(SampleFile, problem, StringComparison.Ordinal));
        string[] expected =
        [
            "SamplePlugin.HasABlankName cannot be made: ArgumentException: its name is 'two words'; allowed: 1 to 100 characters",
            "SamplePlugin.TakesAName cannot be made: ArgumentException: its name 'CartPole-v1' is one of Rapid's own",
            "SamplePlugin.TakesItsOwnName cannot be made: ArgumentException: its name 'Corridor-v0' is taken by",
            "SamplePlugin.ThrowsAtOnce cannot be made: FileNotFoundException: the map of the maze is missing",
            "SamplePlugin.WantsAnArgument cannot be made: MissingMethodException: ",
        ];
        Assert.Equal(expected.Length, library.Problems.Count);
        Assert.All(expected, text => Assert.Contains(library.Problems, problem => problem.Contains(text, StringComparison.Ordinal)));
        Assert.All(library.Problems, problem => Assert.DoesNotContain('\n', problem));
    }

    [Theory]
    [InlineData("ThrowsLater-v0", "DllNotFoundException: libmaze.so is not there")]
    [InlineData("MakesNothing-v0", "an environment needs a box or frames to observe")]
    public void An_environment_that_fails_when_it_is_made_names_file_and_cause(string name, string cause)
    {
        var source = new PluginSource(() => new PluginLibrary(new PluginAssemblies([Sample]), EnvironmentRegistry.IsBuiltIn));
        var error = Assert.Throws<InvalidDataException>(() => source.Create(name, new Dictionary<string, string>()));
        Assert.Contains($"{name} of {SampleFile} cannot be made: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(cause, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_that_a_plug_in_refuses_is_refused_with_its_words()
    {
        var source = new PluginSource(() => new PluginLibrary(new PluginAssemblies([Sample]), EnvironmentRegistry.IsBuiltIn));
        var refusal = Assert.Throws<InvalidDataException>(
            () => source.Create("Corridor-v0", new Dictionary<string, string> { ["length"] = "41" }));
        Assert.Contains("a length of 41; allowed: 1..40", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_no_assemblies_and_folders_that_are_not_there_are_named_and_dependencies_are_passed_over()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "a.dll"), "this is text");
        File.WriteAllBytes(Path.Combine(_folder.FullName, "b.dll"), [.. File.ReadAllBytes(SampleFile).Take(2000)]);
        File.Copy(typeof(PluginTests).Assembly.Location, Path.Combine(_folder.FullName, "c.txt"));
        File.Copy(typeof(FactAttribute).Assembly.Location, Path.Combine(_folder.FullName, "d.dll"));
        // Copies of Rapid's own beside a plug-in, as a careless build leaves them, must not become second ones.
        File.Copy(typeof(EnvironmentRegistry).Assembly.Location, Path.Combine(_folder.FullName, "Rapid.Environments.dll"));
        File.Copy(typeof(AtariNames).Assembly.Location, Path.Combine(_folder.FullName, "Rapid.Environments.Atari.dll"));
        File.Copy(SampleFile, Path.Combine(_folder.FullName, "SamplePlugin.dll"));
        File.WriteAllText(Path.Combine(_folder.FullName, "readme.md"), "not looked at");
        var missing = Path.Combine(_folder.FullName, "nowhere");

        var library = new PluginLibrary(new PluginAssemblies([_folder.FullName, missing]), EnvironmentRegistry.IsBuiltIn);

        Assert.Contains(library.Plugins, plugin => plugin.Info.Name == "Corridor-v0");
        Assert.Equal(
            [
                $"{Path.Combine(_folder.FullName, "a.dll")} does not load: it is no .NET assembly",
                $"{Path.Combine(_folder.FullName, "b.dll")} does not load: it is no .NET assembly",
                $"RAPID_PLUGINS: there is no folder '{missing}'",
            ],
            library.Problems.TakeLast(3));
    }

    [Fact]
    public void An_assembly_whose_types_do_not_fit_this_version_is_named()
    {
        // The name of the contract's method is changed in the plug-in: what a newer or older contract looks like.
        var image = File.ReadAllBytes(SampleFile);
        var name = Encoding.UTF8.GetBytes("\0IEnvironmentPlugin\0");
        var at = image.AsSpan().IndexOf(name);
        Assert.True(at > 0);
        image[at + 2] = (byte)'X';
        File.WriteAllBytes(Path.Combine(_folder.FullName, "old.dll"), image);

        var problem = Assert.Single(new PluginLibrary(new PluginAssemblies([_folder.FullName]), EnvironmentRegistry.IsBuiltIn).Problems);

        Assert.Contains("old.dll does not load: TypeLoadException: ", problem, StringComparison.Ordinal);
    }
}
