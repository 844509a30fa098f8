using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Rapid.Benchmarks;

/// <summary>Environment steps a second of whole training loops.</summary>
internal static partial class LoopRate
{
    private static readonly string Rapid = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Rapid.Cli/release/rapid"));

    /// <summary>Medians of both rates. Rounds alternate, so that both see the same machine.</summary>
    public static async Task<(double Ours, double Theirs)> CompareAsync(
        int rounds, Func<Task<double>> measureOurs, Func<Task<double>> measureTheirs)
    {
        List<double> ours = [], theirs = [];
        for (var round = 0; round < rounds; round++)
        {
            theirs.Add(await measureTheirs());
            ours.Add(await measureOurs());
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"round {round + 1}: rapid {ours[^1]:F0} env steps/s, PyTorch loop {theirs[^1]:F0} env steps/s"));
        }

        return (Median(ours), Median(theirs));
    }

    /// <summary>Of a loop in Python, which leaves out its first update.</summary>
    public static async Task<double> OfPythonAsync(string script, params string[] arguments)
    {
        var output = await RunAsync("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "peers", script), .. arguments]);
        return double.Parse(StepsPattern().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Of <c>rapid train</c>. The first update is warm-up, as in the peers.</summary>
    /// <param name="steps">total_steps.</param>
    /// <param name="arguments">The spec and more.</param>
    public static async Task<double> OfRapidAsync(int steps, params string[] arguments)
    {
        var runs = Directory.CreateTempSubdirectory("rapid-bench-").FullName;
        try
        {
            await RunAsync(
                Rapid,
                [
                    "train", .. arguments, "--runs", runs, "--set", $"total_steps={steps}", "--set", "evaluation.interval_steps=0",
                    "--set", "evaluation.final_episodes=1",
                ]);
            var lines = File.ReadLines(Directory.GetFiles(runs, "metrics.jsonl", SearchOption.AllDirectories).Single())
                .Select(line => JsonNode.Parse(line)!).Where(line => (string?)line["kind"] == "train").ToArray();
            double Seconds(int i) => (double)lines[i]["time"]!["wall_seconds"]!;
            return ((double)lines[^1]["step"]! - (double)lines[0]["step"]!) / (Seconds(lines.Length - 1) - Seconds(0));
        }
        finally
        {
            Directory.Delete(runs, recursive: true);
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<string> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} failed with exit code {process.ExitCode}: {output}");
    }

    [GeneratedRegex(@"steps/s (\d+)")]
    private static partial Regex StepsPattern();
}
