using System.Text.Json;
using System.Text.Json.Nodes;
using Rapid.Learner.Runs;

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

    /// <summary>Reads a run's metrics; null when there is no evaluation in them that can be read.</summary>
    public static Curve? Read(ComparisonRun run, RunDirectory directory)
    {
        try
        {
            var points = File.ReadLines(Path.Combine(directory.Path, "metrics.jsonl")).Select(PointOf).OfType<(long, double)>().ToList();
            return points.Count > 0 ? new Curve(run, points) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>An evaluation; null for other lines, and for one that a killed process did not finish.</summary>
    private static (long Step, double Return)? PointOf(string line)
    {
        try
        {
            var figures = JsonNode.Parse(line)!;
            return (string?)figures["kind"] == "evaluation" ? ((long)figures["step"]!, (double)figures["return_mean"]!) : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or FormatException
            or ArgumentException)
        {
            return null;
        }
    }
}
