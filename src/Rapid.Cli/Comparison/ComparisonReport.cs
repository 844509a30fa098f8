using System.Globalization;
using System.Text;

namespace Rapid.Cli.Comparison;

/// <summary>Tables in Markdown and learning curves in CSV.</summary>
internal static class ComparisonReport
{
    /// <summary>Mean and standard error over the seeds, a row a task and a column a variant; the best mean of a row is bold.</summary>
    public static string ToMarkdown(IReadOnlyList<Curve> curves)
    {
        var variants = curves.Select(curve => curve.Run.Variant.Text).Distinct().ToList();
        var text = new StringBuilder();
        AppendTable(text, "Return of the final evaluation", curves, variants, curve => curve.Final);
        text.AppendLine();
        AppendTable(text, "Mean return of all evaluations of a run", curves, variants, curve => curve.Average);
        text.AppendLine();
        AppendRuns(text, curves);
        return text.ToString();
    }

    /// <summary>A line an evaluation.</summary>
    public static string ToCsv(IEnumerable<Curve> curves)
    {
        var text = new StringBuilder("task,variant,seed,step,return\n");
        foreach (var curve in curves)
        {
            foreach (var (step, value) in curve.Points)
            {
                var (run, seed) = (curve.Run, curve.Run.Options.Seed);
                text.Append(CultureInfo.InvariantCulture, $"\"{run.Task.Name}\",\"{run.Variant.Text}\",{seed},{step},{value:R}\n");
            }
        }

        return text.ToString();
    }

    /// <summary>Mean and standard error of the mean; the error of a single number is not known.</summary>
    public static (double Mean, double Error) Summarize(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        return (mean, Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1.0) / values.Count));
    }

    private static void AppendTable(
        StringBuilder text, string title, IReadOnlyList<Curve> curves, IReadOnlyList<string> variants, Func<Curve, double> score)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"{title}, mean ± standard error over the seeds:").AppendLine();
        text.AppendLine($"| task | steps | seeds | {string.Join(" | ", variants)} |");
        text.AppendLine($"|---|---|---|{string.Concat(variants.Select(_ => "---|"))}");
        foreach (var task in curves.GroupBy(curve => (curve.Run.Task.Name, curve.Run.Options.TotalSteps)))
        {
            var scores = variants
                .Select(variant => Summarize([.. task.Where(curve => curve.Run.Variant.Text == variant).Select(score)]))
                .ToList();
            var best = scores.Max(value => value.Mean);
            var seeds = task.Select(curve => curve.Run.Options.Seed).Distinct().Count();
            var cells = scores.Select(value => (value.Mean >= best ? $"**{Show(value.Mean)}**" : Show(value.Mean)) + ErrorOf(value.Error));
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {task.Key.Name} | {task.Key.TotalSteps:N0} | {seeds} | {string.Join(" | ", cells)} |");
        }
    }

    private static void AppendRuns(StringBuilder text, IReadOnlyList<Curve> curves)
    {
        var seeds = curves.Select(curve => curve.Run.Options.Seed).Distinct().ToList();
        text.AppendLine("Return of the final evaluation of each run:").AppendLine();
        text.AppendLine($"| task | variant | {string.Join(" | ", seeds.Select(seed => $"seed {seed}"))} |");
        text.AppendLine($"|---|---|{string.Concat(seeds.Select(_ => "---|"))}");
        foreach (var runs in curves.GroupBy(curve => (curve.Run.Task.Name, curve.Run.Variant.Text)))
        {
            text.AppendLine($"| {runs.Key.Name} | {runs.Key.Text} | {string.Join(" | ", runs.Select(curve => Show(curve.Final)))} |");
        }
    }

    private static string ErrorOf(double error) => double.IsNaN(error) ? "" : $" ± {Show(error)}";

    private static string Show(double value) => value.ToString(Math.Abs(value) < 1000 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
