using System.Globalization;
using System.Text;

namespace Rapid.Cli.Comparison;

/// <summary>Scores and curves as text.</summary>
internal static class ComparisonReport
{
    /// <summary>A row a spec: the last evaluation of every seed, their mean and its standard error.</summary>
    public static string Markdown(IReadOnlyList<ComparedSpec> specs)
    {
        var seeds = specs[0].Curves.Select(curve => curve.Seed).ToList();
        var text = new StringBuilder("| spec |");
        text.Append(
            CultureInfo.InvariantCulture,
            $" {string.Join(" | ", seeds.Select(seed => $"seed {seed}"))} | mean | standard error |").AppendLine();
        text.Append("|---|").Insert(text.Length, "---|", seeds.Count + 2).AppendLine();
        foreach (var spec in specs)
        {
            var returns = spec.Curves.Select(curve => curve.FinalReturn).ToList();
            var cells = string.Join(" | ", returns.Select(Number));
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {spec.Name} | {cells} | {Number(returns.Average())} | {Number(StandardError(returns))} |").AppendLine();
        }

        return text.ToString();
    }

    /// <summary>Every evaluation of every run.</summary>
    public static string Csv(IReadOnlyList<ComparedSpec> specs)
    {
        var text = new StringBuilder("spec,seed,step,return").AppendLine();
        foreach (var (spec, curve) in specs.SelectMany(spec => spec.Curves.Select(curve => (spec, curve))))
        {
            foreach (var (step, value) in curve.Points)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"\"{spec.Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\",{curve.Seed},{step},{value:G9}").AppendLine();
            }
        }

        return text.ToString();
    }

    private static double StandardError(List<double> values)
    {
        var mean = values.Average();
        return values.Count < 2 ? 0 : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count);
    }

    private static string Number(double value) => value.ToString(Math.Abs(value) < 1000 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
