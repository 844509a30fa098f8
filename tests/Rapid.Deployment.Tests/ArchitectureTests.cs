using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Rapid.Deployment.Tests;

/// <summary>Which project may know which, and what a program does not bring along.</summary>
public sealed class ArchitectureTests
{
    // Assemblies that name sources of environments.
    private static readonly string[] Families = ["Rapid.Environments.Atari", "Rapid.Environments.MuJoCo"];

    // From the bottom to the top. ARCHITECTURE.md says what is in each.
    private static readonly string[] Projects =
    [
        "Rapid.Core", "Rapid.Protocol", "Rapid.Environments", .. Families, "Rapid.Policies", "Rapid.Agents", "Rapid.Specs",
        "Rapid.Hosting", "Rapid.Redis", "Rapid.Actor", "Rapid.Evaluator", "Rapid.Replay", "Rapid.Learner", "Rapid.Cli",
    ];

    [Fact]
    public void A_project_refers_to_projects_below_it_alone()
    {
        var files = ProjectFiles().ToDictionary(file => Path.GetFileNameWithoutExtension(file));
        Assert.Equal(Projects.Order(), files.Keys.Order());
        foreach (var (project, file) in files)
        {
            Assert.All(
                ReferencesOf(file), reference => Assert.Contains(reference, Projects.Take(Array.IndexOf(Projects, project))));
        }

        Assert.All(Families, family => Assert.Equal(["Rapid.Environments"], ReferencesOf(files[family])));
    }

    [Theory]
    [InlineData("Rapid.Actor")]
    [InlineData("Rapid.Evaluator")]
    [InlineData("Rapid.Learner")]
    [InlineData("rapid")]
    public void A_program_that_reads_specs_has_every_family_of_environments(string program) =>
        Assert.Empty(Families.Except(LibrariesOf(program)));

    [Theory]
    [InlineData("Rapid.Replay", "Rapid.Agents", "Rapid.Environments", "Rapid.Specs", "SkiaSharp", "TorchSharp")]
    [InlineData("Rapid.Actor", "Rapid.Redis", "StackExchange.Redis", "TorchSharp")]
    [InlineData("Rapid.Evaluator", "Rapid.Redis", "StackExchange.Redis", "TorchSharp")]
    public void A_service_brings_along_no_library_that_it_does_not_use(string service, params string[] foreign)
    {
        var libraries = LibrariesOf(service);

        Assert.Contains("Rapid.Protocol", libraries);
        Assert.Empty(libraries.Intersect(foreign));
    }

    [Theory]
    [InlineData("Rapid.Core")]
    [InlineData("Rapid.Protocol")]
    [InlineData("Rapid.Environments")]
    [InlineData("Rapid.Environments.Atari")]
    [InlineData("Rapid.Environments.MuJoCo")]
    [InlineData("Rapid.Policies")]
    [InlineData("Rapid.Agents")]
    [InlineData("Rapid.Specs")]
    public void A_library_that_serves_nothing_knows_nothing_of_serving(string library)
    {
        var folder = Path.GetDirectoryName(Repository.Program("rapid"))!;
        using var file = new PEReader(File.OpenRead(Path.Combine(folder, $"{library}.dll")));
        var metadata = file.GetMetadataReader();
        var references = metadata.AssemblyReferences
            .Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name)).ToArray();

        Assert.Contains("System.Runtime", references);
        Assert.DoesNotContain(references, name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
    }

    [Fact]
    public void No_file_outside_an_agents_folder_names_its_types()
    {
        var agents = Directory.EnumerateFiles(Repository.File("src/Rapid.Agents"), "*.cs", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("[assembly: Agent<", StringComparison.Ordinal))
            .Select(file => Path.GetDirectoryName(file)!).ToArray();
        Assert.Equal(["A2c", "P3o", "Ppo", "Sac", "Td3"], agents.Select(Path.GetFileName).Order());

        var sources = new[] { "src", "services" }
            .SelectMany(folder => Directory.EnumerateFiles(Repository.File(folder), "*.cs", SearchOption.AllDirectories)).ToArray();
        foreach (var agent in agents)
        {
            // By a using, by the whole name, or from within the namespace of all agents by the last part of it.
            var name = Path.GetFileName(agent);
            var names = new Regex($@"\bAgents\.{name}\b|(?<![\w.]){name}\.[A-Z]", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));
            Assert.All(
                sources.Where(file => !file.StartsWith(agent + Path.DirectorySeparatorChar, StringComparison.Ordinal)),
                file => Assert.DoesNotMatch(names, File.ReadAllText(file)));
        }
    }

    [Theory, MemberData(nameof(AllProjects))]
    public void Folders_of_a_project_use_one_another_in_one_direction(string project) =>
        Assert.Empty(new SourceMap(ProjectFiles().Single(file => Path.GetFileNameWithoutExtension(file) == project)).Circle());

    [Theory]
    [InlineData("Ppo/PpoLearner.cs")]
    [InlineData("Sac/SacLearner.cs")]
    public void An_algorithm_is_read_in_a_few_files(string learner)
    {
        const int MostFiles = 12, MostLines = 1200;
        var agents = Repository.File("src/Rapid.Agents");
        var start = Path.Combine(agents, learner);

        string[] files = [start, .. new SourceMap(Path.Combine(agents, "Rapid.Agents.csproj")).UsesOf(start)];

        var lines = files.ToDictionary(file => Path.GetRelativePath(agents, file), file => File.ReadLines(file).Count());
        Assert.True(
            files.Length <= MostFiles && lines.Values.Sum() <= MostLines,
            $"{files.Length} files, {lines.Values.Sum()} lines: {string.Join(", ", lines)}");
    }

    public static TheoryData<string> AllProjects() => [.. Projects];

    private static IEnumerable<string> ProjectFiles() => new[] { "src", "services" }
        .SelectMany(folder => Directory.EnumerateFiles(Repository.File(folder), "*.csproj", SearchOption.AllDirectories));

    private static IEnumerable<string> ReferencesOf(string project) => XDocument.Load(project).Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));

    private static string[] LibrariesOf(string program)
    {
        using var dependencies = JsonDocument.Parse(File.ReadAllText($"{Repository.Program(program)}.deps.json"));
        return
        [
            .. dependencies.RootElement.GetProperty("libraries").EnumerateObject()
                .Select(library => library.Name[..library.Name.IndexOf('/', StringComparison.Ordinal)]),
        ];
    }
}
