using System.Globalization;
using Rapid.Protocol.Specs;

namespace Rapid.Cli.Comparison;

/// <summary>One run of a comparison.</summary>
/// <param name="Environment">Its task.</param>
/// <param name="Variant">What learns.</param>
/// <param name="Options">Its complete spec.</param>
internal sealed record ComparisonRun(string Environment, Variant Variant, ExperimentOptions Options)
{
    // Points of a learning curve.
    private const int Evaluations = 20;

    /// <summary>Every task with every variant and seeds 1 to <paramref name="seeds"/>.</summary>
    /// <param name="tasks">"NAME" or "NAME:STEPS".</param>
    /// <param name="variants">What is compared.</param>
    /// <param name="seeds">Runs of each pair.</param>
    /// <param name="settings">"path=value" for all runs.</param>
    /// <exception cref="SpecException">A spec is not valid.</exception>
    public static IReadOnlyList<ComparisonRun> Plan(
        IReadOnlyList<string> tasks, IReadOnlyList<Variant> variants, int seeds, IReadOnlyList<string> settings) =>
    [
        .. from task in tasks
           from variant in variants
           from seed in Enumerable.Range(1, seeds)
           select Make(task, variant, seed, settings),
    ];

    private static ComparisonRun Make(string task, Variant variant, int seed, IReadOnlyList<string> settings)
    {
        var (environment, steps) = task.Split(':', 2) is [var name, var count] ? (name, count) : (task, null);
        List<string> common = [$"environment.name={environment}", $"seed={seed}", $"name={environment}-{variant.Text}".ToLowerInvariant()];
        if (steps is not null)
        {
            common.Add($"total_steps={steps}");
        }

        var options = SpecReader.ReadYaml("{}", [.. common, .. variant.Settings, .. settings]);

        // A curve needs points at the same steps in every run; a setting of the user's comes last and wins.
        var interval = Math.Max(1, options.TotalSteps / Evaluations).ToString(CultureInfo.InvariantCulture);
        options = SpecReader.ReadYaml("{}", [$"evaluation.interval_steps={interval}", .. common, .. variant.Settings, .. settings]);
        return new ComparisonRun(environment, variant, options);
    }
}
