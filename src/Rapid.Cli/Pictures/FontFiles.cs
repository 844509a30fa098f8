using SkiaSharp;

namespace Rapid.Cli.Pictures;

/// <summary>
/// The fonts of this machine. The library that draws is built without fontconfig, so that it needs nothing of a machine, and finds none by
/// itself.
/// </summary>
internal static class FontFiles
{
    /// <summary>What to do where there is none.</summary>
    public const string Missing =
        "this machine has no font to write with; run: sudo apt-get install -y --no-install-recommends fonts-dejavu-core";

    // Wanted of a font: letters, digits and what stands between them in names.
    private const string Needed = "AZaz09-+./:_=±";

    private static readonly string[] Preferred = ["DejaVuSans", "LiberationSans-Regular", "NotoSans-Regular"];

    private static readonly EnumerationOptions Everywhere = new() { RecurseSubdirectories = true, IgnoreInaccessible = true };

    /// <summary>A font file with Latin letters, one without serifs if possible; null where there is none.</summary>
    public static string? Find() => Folders()
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*", Everywhere))
        .Where(file => Path.GetExtension(file).ToLowerInvariant() is ".ttf" or ".otf")
        .OrderBy(Rank).ThenBy(file => file, StringComparer.Ordinal)
        .FirstOrDefault(IsReadable);

    /// <summary>Where the XDG Base Directory Specification puts them.</summary>
    private static IEnumerable<string> Folders()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        var shared = Environment.GetEnvironmentVariable("XDG_DATA_DIRS") is { Length: > 0 } given ? given : "/usr/local/share:/usr/share";
        return shared.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append(home)
            .Select(folder => Path.Combine(folder, "fonts"));
    }

    private static int Rank(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        return Array.IndexOf(Preferred, name) is >= 0 and var rank ? rank
            : name.Contains("Sans", StringComparison.Ordinal) && name.EndsWith("Regular", StringComparison.Ordinal) ? Preferred.Length
            : Preferred.Length + 1;
    }

    private static bool IsReadable(string file)
    {
        using var typeface = SKTypeface.FromFile(file);
        using var font = new SKFont(typeface);
        return typeface is not null && font.ContainsGlyphs(Needed);
    }
}
