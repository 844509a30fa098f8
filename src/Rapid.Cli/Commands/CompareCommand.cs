using System.CommandLine;
using Rapid.Cli.Comparison;
using Rapid.Cli.Pictures;
using Rapid.Cli.Terminal;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid compare TASK...</c>: trains several algorithms on several tasks and seeds, and writes tables and learning
/// curves.</summary>
internal static class CompareCommand
{
    private const int UsualSeeds = 5;

    public static Command Create()
    {
        var tasks = new Argument<string[]>("tasks")
        {
            Description = "Spec files, and environments with their steps if not the usual ones: CartPole-v1:50000",
            Arity = ArgumentArity.OneOrMore,
        };
        var variants = new Option<string[]>("--variant")
        {
            Description = "ALGORITHM[:PRESET][,path=value...], repeatable (default: files as written, else a2c, ppo, p3o:fixed, p3o)",
            HelpName = "variant",
        };
        var seeds = NumberOption.Create("--seeds", $"Runs of each variant on each task (default: {UsualSeeds})", 1, int.MaxValue);
        var target = new Option<string>("--out")
        {
            Description = "Folder for comparison.md, curves.csv and a plot of each task (.svg and .png)",
            HelpName = "dir",
            DefaultValueFactory = _ => "comparison",
        };
        var (set, runs) = (TrainCommand.SetOption(), TrainCommand.RunsOption());
        var command = new Command("compare", "Train several algorithms on several tasks and seeds, and tabulate them")
        {
            tasks, variants, seeds, target, set, runs,
        };
        command.SetBody((result, signals) =>
        {
            var plan = ComparisonRun.Plan(
                result.GetRequiredValue(tasks),
                result.GetValue(variants) ?? [],
                result.GetValue(seeds) ?? UsualSeeds,
                result.GetValue(set) ?? []);
            var folder = TrainCommand.RunsFolder(result.GetValue(runs));
            return RunAsync(plan, folder, Path.GetFullPath(result.GetRequiredValue(target)), signals);
        });
        return command;
    }

    private static async Task<int> RunAsync(IReadOnlyList<ComparisonRun> plan, string runs, string target, StopSignals signals)
    {
        IReadOnlyList<Curve> curves;
        try
        {
            curves = await ComparisonRunner.TrainAsync(plan, runs, signals);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            Console.Out.WriteLine("stopped; the same command goes on from here");
            return ExitCode.Stopped;
        }

        Directory.CreateDirectory(target);
        var report = ComparisonReport.ToMarkdown(curves);
        await File.WriteAllTextAsync(Path.Combine(target, "comparison.md"), report, CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(target, "curves.csv"), ComparisonReport.ToCsv(curves), CancellationToken.None);
        Console.Out.WriteLine();
        Console.Out.Write(report);
        if (FontFiles.Find() is { } font)
        {
            foreach (var task in curves.GroupBy(curve => curve.Run.Task.Name))
            {
                CurvePlot.Save([.. task], font, Path.Combine(target, task.Key));
            }
        }
        else
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine($"no plots: {FontFiles.Missing}, and run the same command again: it trains nothing anew");
        }

        return ExitCode.Success;
    }
}
