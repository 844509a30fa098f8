using System.Text.Json;
using System.Text.Json.Nodes;
using Rapid.Learner.Experiments;

namespace Rapid.Cli.Comparison;

/// <summary>The evaluations of one finished run.</summary>
/// <param name="Run">The run.</param>
/// <param name="Points">Step and mean return, in order of steps; the last is the final evaluation.</param>
internal sealed record Curve(ComparisonRun Run, IReadOnlyList<(long Step, double Return)> Points)
{
    /// <summary>The final evaluation.</summary>
    public double Final => Points[^1].Return;

    /// <summary>Mean of all evaluations: what the policy was worth while it learned.</summary>
    public double Average => Points.Average(point => point.Return);

    /// <summary>Reads a run's metrics.</summary>
    /// <exception cref="CliException">The run has no evaluation.</exception>
    public static Curve Read(ComparisonRun run, RunDirectory directory)
    {
        try
        {
            var points = File.ReadLines(Path.Combine(directory.Path, "metrics.jsonl"))
                .Select(line => JsonNode.Parse(line)!)
                .Where(line => (string?)line["kind"] == "evaluation")
                .Select(line => ((long)line["step"]!, (double)line["return_mean"]!))
                .ToList();
            return points.Count > 0
                ? new Curve(run, points)
                : throw new CliException($"{directory.Path} has no evaluation: it cannot be compared");
        }
        catch (Exception error) when (error is IOException or JsonException or InvalidOperationException)
        {
            throw new CliException($"{directory.Path}: metrics.jsonl cannot be read: {error.Message}");
        }
    }
}
