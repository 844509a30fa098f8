using System.Text.RegularExpressions;

namespace Rapid.Cli.Supervision;

/// <summary>What a service has written since it started.</summary>
internal static partial class ServiceLog
{
    // A warning that is farther back than this is no news.
    private const int TailBytes = 256 << 10;

    /// <summary>The newest warning or error line; null when there is none.</summary>
    public static string? LastProblem(string path) => SinceStart(path).LastOrDefault(line => Problem().IsMatch(line));

    /// <summary>The last lines, whatever they say.</summary>
    public static IReadOnlyList<string> Last(string path, int lines) => [.. SinceStart(path).TakeLast(lines)];

    private static IEnumerable<string> SinceStart(string path)
    {
        var lines = Tail(path);
        var start = lines.FindLastIndex(line => line.StartsWith(ServiceLauncher.StartLine, StringComparison.Ordinal));
        return lines.Skip(start + 1).Where(line => line.Length > 0);
    }

    private static List<string> Tail(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Seek(-Math.Min(file.Length, TailBytes), SeekOrigin.End);
            using var reader = new StreamReader(file);
            return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Warnings and errors of .NET's logger, of Redis, and of what ended before it had a logger: a variable that is refused, a
    /// program that is not there. Redis marks with # what it finds important, its greetings too.</summary>
    [GeneratedRegex(
        @"^(\d\d:\d\d:\d\d (warn|fail|crit): "
        + @"|\d+:\w .* # (?!oO0|Redis version|Configuration loaded|Server initialized|WARNING Memory|User requested|Redis is now ready)"
        + @"|RAPID_\w+(, RAPID_\w+)*: |(sh|setsid): |Unhandled exception)")]
    private static partial Regex Problem();
}
