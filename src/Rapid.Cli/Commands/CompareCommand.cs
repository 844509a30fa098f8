using System.CommandLine;
using System.Globalization;
using Rapid.Cli.Comparison;
using Rapid.Cli.Training;
using Rapid.Protocol.Specs;

namespace Rapid.Cli.Commands;

/// <summary>
/// <c>rapid compare [SPEC...]</c>: trains every spec with every seed, then writes scores and learning curves side by side.
/// </summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var specs = new Argument<string[]>("specs")
        {
            Description = "YAML files; HalfCheetah-v4 with PPO and 1M steps without one",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var seeds = new Option<string>("--seeds")
        {
            Description = "Seeds of each spec, for example 1,2,3",
            HelpName = "list",
            DefaultValueFactory = _ => "1,2,3",
        };
        var output = new Option<string>("--output")
        {
            Description = "Folder for scores.md, curves.csv and curves.svg",
            HelpName = "dir",
            DefaultValueFactory = _ => "comparison",
        };
        var (set, runs) = (TrainCommand.SetOption(), TrainCommand.RunsOption());
        var command = new Command(
            "compare", "Train specs with several seeds and compare them; runs that are there already are not repeated")
        {
            specs, seeds, output, set, runs,
        };
        command.SetBody((result, signals) =>
        {
            var numbers = ReadSeeds(result.GetValue(seeds)!);
            var named = result.GetValue(specs) is { Length: > 0 } files ? files.Cast<string?>() : [null];
            var all = named
                .Select(file => numbers.Select(seed => TrainCommand.ReadSpec(file, result.GetValue(set) ?? [], seed)).ToList())
                .ToList();
            return RunAsync(all, TrainCommand.RunsFolder(result.GetValue(runs)), result.GetValue(output)!, signals);
        });
        return command;
    }

    private static string[] ReadSeeds(string text)
    {
        var seeds = text.Split(',', StringSplitOptions.TrimEntries);
        return seeds.FirstOrDefault(seed => !ulong.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out _)) is { } bad
            ? throw new CliException(
                $"--seeds: '{bad}' is not a seed; allowed: whole numbers separated by commas, for example 1,2,3", ExitCode.BadInput)
            : seeds;
    }

    private static async Task<int> RunAsync(List<List<ExperimentOptions>> specs, string runs, string output, StopSignals signals)
    {
        var compared = new List<ComparedSpec>();
        foreach (var seeds in specs)
        {
            var curves = new List<LearningCurve>();
            foreach (var options in seeds)
            {
                var run = RunFolders.FindFinished(runs, options);
                if (run is null && await LocalTraining.TrainAsync(options, runs, signals) is var exitCode and not ExitCode.Success)
                {
                    return exitCode;
                }

                run ??= RunFolders.FindFinished(runs, options)
                    ?? throw new CliException($"the run of {options.Name}, seed {options.Seed}, is gone");
                curves.Add(LearningCurve.Read(run, options.Seed));
            }

            compared.Add(new ComparedSpec(seeds[0].Name, curves));
        }

        Directory.CreateDirectory(output);
        File.WriteAllText(Path.Combine(output, "curves.csv"), ComparisonReport.Csv(compared));
        File.WriteAllText(Path.Combine(output, "curves.svg"), CurvePlot.Draw(compared));
        var table = ComparisonReport.Markdown(compared);
        File.WriteAllText(Path.Combine(output, "scores.md"), table);
        Console.Out.WriteLine();
        Console.Out.Write(table);
        Console.Out.WriteLine($"written to {output}: scores.md, curves.csv, curves.svg");
        return ExitCode.Success;
    }
}
