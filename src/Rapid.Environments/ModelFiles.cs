using System.Xml;
using System.Xml.Linq;

namespace Rapid.Environments;

/// <summary>
/// The files that make up a model: the MJCF file, what it includes, meshes, textures and height fields. MuJoCo does not tell which files it
/// read, so these are all that it may have: where a file can lie in several places, all of them. This is here, below MuJoCo, because an
/// option of a plug-in may be the path of a model, too. A file of another kind is made of itself alone.
/// </summary>
internal static class ModelFiles
{
    private const int MostFiles = 10_000;

    private static readonly string[] Folders = ["meshdir", "texturedir", "assetdir"], Documents = ["include", "model"];

    /// <summary>Paths of the files, the model's own first.</summary>
    public static IReadOnlyCollection<string> Of(string model)
    {
        var root = Path.GetDirectoryName(Path.GetFullPath(model))!;
        var (files, folders, named) = (new List<string> { Path.GetFullPath(model) }, new HashSet<string> { root }, new HashSet<string>());
        for (var i = 0; i < files.Count && files.Count < MostFiles; i++)
        {
            foreach (var element in ElementsOf(files[i]))
            {
                foreach (var attribute in element.Attributes())
                {
                    if (Folders.Contains(attribute.Name.LocalName))
                    {
                        folders.Add(Path.Combine(root, attribute.Value));
                    }
                    else if (attribute.Name.LocalName.StartsWith("file", StringComparison.Ordinal)
                        && !Documents.Contains(element.Name.LocalName))
                    {
                        named.Add(attribute.Value);

                        // compiler strippath="true"
                        named.Add(Path.GetFileName(attribute.Value));
                    }
                    else if (attribute.Name.LocalName == "file")
                    {
                        string[] places = [root, Path.GetDirectoryName(files[i])!];
                        files.AddRange(places.Select(place => Path.GetFullPath(attribute.Value, place)).Distinct().Except(files).ToList());
                    }
                }
            }
        }

        return [.. files.Union(folders.SelectMany(folder => named.Select(name => Path.GetFullPath(name, folder)))).Take(MostFiles)];
    }

    /// <summary>A model's files, in an order that does not depend on the folder that they lie in.</summary>
    public static IEnumerable<string> InOrder(string model)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(model))!;
        return Of(model).OrderBy(file => Path.GetRelativePath(folder, file), StringComparer.Ordinal);
    }

    /// <summary>None of a file that is not there or no XML: what is wrong with it MuJoCo says.</summary>
    private static IReadOnlyList<XElement> ElementsOf(string path)
    {
        try
        {
            // Opened by its path: what Load takes is a URI.
            using var stream = File.OpenRead(path);
            return [.. XDocument.Load(stream).Descendants()];
        }
        catch (Exception error) when (error is XmlException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
