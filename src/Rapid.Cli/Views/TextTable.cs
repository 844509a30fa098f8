namespace Rapid.Cli;

/// <summary>Plain columns, the same on a terminal and in a pipe.</summary>
internal static class TextTable
{
    /// <summary>Writes rows of equal length under a header, which may be empty.</summary>
    public static void Write(TextWriter output, string[] header, IEnumerable<string[]> rows)
    {
        string[][] lines = header.Length > 0 ? [header, .. rows] : [.. rows];
        var widths = Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length)).ToArray();
        foreach (var line in lines)
        {
            output.WriteLine(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }
}
