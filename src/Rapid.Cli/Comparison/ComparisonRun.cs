using System.Globalization;
using Rapid.Protocol.Specs;
using Rapid.Specs;

namespace Rapid.Cli.Comparison;

/// <summary>One run of a comparison.</summary>
/// <param name="Task">What is learned.</param>
/// <param name="Variant">What learns.</param>
/// <param name="Options">Its complete spec.</param>
internal sealed record ComparisonRun(ComparisonTask Task, Variant Variant, ExperimentOptions Options)
{
    // Points of a learning curve.
    private const int Evaluations = 20;

    // The comparison of the P3O paper; "p3o:fixed" stands for methods with a fixed importance clip, such as ACER.
    private static readonly string[] PaperVariants = ["a2c", "ppo", "p3o:fixed", "p3o"];

    /// <summary>Every task with every variant and seeds 1 to <paramref name="seeds"/>.</summary>
    /// <param name="tasks">"NAME", "NAME:STEPS" or a spec file.</param>
    /// <param name="variants">What is compared; none: files as they are written, environments with the algorithms of P3O's paper.</param>
    /// <param name="seeds">Runs of each pair.</param>
    /// <param name="settings">"path=value" for all runs.</param>
    /// <exception cref="SpecException">A spec is not valid.</exception>
    /// <exception cref="Terminal.CliException">A file is not there, or a variant is unknown.</exception>
    public static IReadOnlyList<ComparisonRun> Plan(
        IReadOnlyList<string> tasks, IReadOnlyList<string> variants, int seeds, IReadOnlyList<string> settings) =>
    [
        .. from task in tasks.Select(ComparisonTask.Parse)
           from variant in variants.Count == 0 && task.IsFile
               ? [Variant.AsWritten]
               : (variants.Count > 0 ? variants : PaperVariants).Select(Variant.Parse)
           from seed in Enumerable.Range(1, seeds)
           select Make(task, variant, seed, settings),
    ];

    private static ComparisonRun Make(ComparisonTask task, Variant variant, int seed, IReadOnlyList<string> settings)
    {
        List<string> common = [.. task.Settings, $"seed={seed}", .. variant.Settings, .. settings];
        if (!task.IsFile)
        {
            // A curve needs points at the same steps in every run; a setting of the user's comes last and wins.
            var steps = SpecReader.ReadYaml(task.Yaml, common, task.Folder).TotalSteps;
            var interval = Math.Max(1, steps / Evaluations).ToString(CultureInfo.InvariantCulture);
            common = [$"evaluation.interval_steps={interval}", $"name={task.Name}-{variant.Text}".ToLowerInvariant(), .. common];
        }

        return new ComparisonRun(task, variant, SpecReader.ReadYaml(task.Yaml, common, task.Folder));
    }
}
