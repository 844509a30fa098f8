using System.Text.Json.Nodes;
using Rapid.Learner.Experiments;

namespace Rapid.Cli.Comparison;

/// <summary>The evaluations of one finished run.</summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Points">Environment steps and mean return of each evaluation, in order.</param>
internal sealed record LearningCurve(ulong Seed, IReadOnlyList<(long Step, double Return)> Points)
{
    /// <summary>Mean return of the last evaluation.</summary>
    public double FinalReturn => Points[^1].Return;

    /// <summary>Reads a run's metrics.</summary>
    /// <exception cref="CliException">They hold no evaluation.</exception>
    public static LearningCurve Read(RunDirectory run, ulong seed)
    {
        var points = File.ReadLines(Path.Combine(run.Path, "metrics.jsonl"))
            .Select(line => JsonNode.Parse(line)!)
            .Where(line => (string?)line["kind"] == "evaluation")
            .Select(line => ((long)line["step"]!, (double)line["return_mean"]!))
            .ToList();
        return points.Count > 0 ? new LearningCurve(seed, points) : throw new CliException($"{run.Path} has no evaluation");
    }
}

/// <summary>All seeds of one spec.</summary>
/// <param name="Name">The spec's name.</param>
/// <param name="Curves">One a seed.</param>
internal sealed record ComparedSpec(string Name, IReadOnlyList<LearningCurve> Curves)
{
    /// <summary>Steps at which every seed was evaluated, with the mean and the extremes over seeds.</summary>
    public IReadOnlyList<(long Step, double Mean, double Low, double High)> Band() =>
    [
        .. Enumerable.Range(0, Curves.Min(curve => curve.Points.Count)).Select(i =>
        {
            var returns = Curves.Select(curve => curve.Points[i].Return).ToList();
            return (Curves[0].Points[i].Step, returns.Average(), returns.Min(), returns.Max());
        }),
    ];
}
