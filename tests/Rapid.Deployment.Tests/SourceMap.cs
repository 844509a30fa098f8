using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Rapid.Deployment.Tests;

/// <summary>Which file of a project uses what another declares, as the compiler resolves names.</summary>
internal sealed class SourceMap
{
    // What a build has generated belongs to the project, too.
    private static readonly string Generated = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../obj"));

    private static readonly Lazy<IReadOnlyList<MetadataReference>> Libraries = new(() =>
    [
        .. Directory.EnumerateFiles(Path.GetDirectoryName(Repository.Program("rapid"))!, "*.dll")
            .Concat(Framework("Microsoft.NETCore.App")).Concat(Framework("Microsoft.AspNetCore.App"))
            .Where(IsManaged).Select(file => MetadataReference.CreateFromFile(file)),
    ]);

    private readonly string _folder;
    private readonly CSharpCompilation _compilation;
    private readonly Dictionary<string, HashSet<string>> _uses = [];

    /// <param name="project">Its file, below the repository.</param>
    public SourceMap(string project)
    {
        (_folder, var name) = (Path.GetDirectoryName(project)!, Path.GetFileNameWithoutExtension(project));
        var sources = Directory.EnumerateFiles(_folder, "*.cs", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(Generated, name, "release"), "*.cs", SearchOption.AllDirectories));
        _compilation = CSharpCompilation.Create(
            AssemblyName(name),
            sources.Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file)),
            Libraries.Value.Where(library => Path.GetFileNameWithoutExtension(library.Display) != AssemblyName(name)),
            new CSharpCompilationOptions(
                OutputKind.ConsoleApplication, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
        foreach (var tree in _compilation.SyntaxTrees.Where(tree => IsOwn(tree.FilePath)))
        {
            _uses[tree.FilePath] = [.. UsesOf(tree)];
        }
    }

    /// <summary>What a file uses, without itself.</summary>
    public IReadOnlySet<string> UsesOf(string file) => _uses[file];

    /// <summary>Folders that use one another in a circle, each with a file that does; none when there is no circle.</summary>
    public IReadOnlyList<string> Circle()
    {
        List<(string From, string To, string Because)> arrows =
        [
            .. _uses.SelectMany(pair => pair.Value.Select(used => (FolderOf(pair.Key), FolderOf(used), $"{pair.Key} uses {used}")))
                .Where(arrow => arrow.Item1 != arrow.Item2),
        ];

        // A folder that uses none of those that are left is in no circle, and neither is one that none of them uses.
        while (arrows.RemoveAll(
            arrow => !arrows.Exists(next => next.From == arrow.To) || !arrows.Exists(last => last.To == arrow.From)) > 0)
        {
        }

        return [.. arrows.Select(arrow => arrow.Because.Replace(_folder, "", StringComparison.Ordinal)).Order()];
    }

    private static string AssemblyName(string project) => project == "Rapid.Cli" ? "rapid" : project;

    private static IEnumerable<string> Framework(string name)
    {
        var core = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return Directory.EnumerateFiles(Path.Combine(core, "../..", name, Path.GetFileName(core)), "*.dll");
    }

    private static bool IsManaged(string file)
    {
        using var assembly = new System.Reflection.PortableExecutable.PEReader(File.OpenRead(file));
        return assembly.HasMetadata;
    }

    private bool IsOwn(string file) => file.StartsWith(_folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static string FolderOf(string file) => Path.GetDirectoryName(file)!;

    private IEnumerable<string> UsesOf(SyntaxTree tree)
    {
        var model = _compilation.GetSemanticModel(tree);
        return tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>()
            .Select(name => model.GetSymbolInfo(name).Symbol)
            .Select(symbol => symbol as INamedTypeSymbol ?? symbol?.ContainingType)
            .Where(type => type is not null)
            .SelectMany(type => type!.OriginalDefinition.DeclaringSyntaxReferences)
            .Select(declaration => declaration.SyntaxTree.FilePath)
            .Where(file => file != tree.FilePath && IsOwn(file))
            .Distinct();
    }
}
