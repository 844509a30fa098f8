using System.Diagnostics;
using Rapid.Cli.Terminal;

namespace Rapid.Cli.Commands;

/// <summary>The programs in <c>benchmarks/</c>, which the script builds beside this one.</summary>
internal static class BenchmarkProgram
{
    /// <summary>The repository whose script started this process.</summary>
    /// <exception cref="CliException">No script did.</exception>
    public static string Repository(string command) => Environment.GetEnvironmentVariable("RAPID_REPOSITORY")
        ?? throw new CliException($"it is started through the script: ./rapid {command}", ExitCode.BadInput);

    /// <summary>Runs one to its end, and prints what it prints.</summary>
    /// <returns>Its exit code, 0 when its target is met and 1 when not, and its last line, which says what was measured.</returns>
    public static async Task<(int ExitCode, string LastLine)> RunAsync(string name, string[] arguments, CancellationToken cancellation)
    {
        var artifacts = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../.."));
        var start = new ProcessStartInfo(Path.Combine(artifacts, name, "release", name), arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new CliException($"{start.FileName} did not start");
        try
        {
            var lastLine = "";
            while (await process.StandardOutput.ReadLineAsync(cancellation) is { } line)
            {
                Console.Out.WriteLine(line);
                lastLine = line.Length > 0 ? line : lastLine;
            }

            await process.WaitForExitAsync(cancellation);
            return (process.ExitCode, lastLine);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
