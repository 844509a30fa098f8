using System.CommandLine;
using System.Globalization;
using Rapid.Cli.Terminal;
using Rapid.Cli.Training;
using Rapid.Environments.Registry;
using Rapid.Hosting;
using Rapid.Learner.Runs;
using Rapid.Protocol.Specs;
using Rapid.Specs;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid train [SPEC]</c>: all four services in this process, one run, from its start or its newest checkpoint.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var (spec, set, seed, runs) = (SpecArgument(), SetOption(), SeedOption(), RunsOption());
        var keepData = new Option<bool>("--keep-data")
        {
            Description = "Short for --set replay.keep_data=true: keep the transitions in the run's folder",
        };
        var command = new Command("train", "Train on this machine; the same command goes on with a stopped run")
        {
            spec, set, seed, runs, keepData,
        };
        command.SetBody(async (result, signals) =>
        {
            List<string> overrides = [.. result.GetValue(set) ?? []];
            if (result.GetValue(keepData))
            {
                overrides.Add("replay.keep_data=true");
            }

            var options = ReadSpec(result.GetValue(spec), overrides, result.GetValue(seed));
            if (options.Offline)
            {
                // Said here, before there is a run.
                await OfflineData.OpenAsync(options, signals.Stop);
            }

            return await LocalTraining.TrainAsync(options, RunsFolder(result.GetValue(runs)), signals);
        });
        return command;
    }

    /// <summary>The spec file.</summary>
    public static Argument<string?> SpecArgument() =>
        new("spec") { Description = "YAML file; HalfCheetah-v4 with PPO and 1M steps without one", Arity = ArgumentArity.ZeroOrOne };

    /// <summary><c>--set PATH=VALUE</c>, any number of times.</summary>
    public static Option<string[]> SetOption() => new("--set")
    {
        Description = "Set a field of the spec: --set algorithm.learning_rate=1e-4 (repeatable)",
        HelpName = "path=value",
    };

    /// <summary><c>--seed N</c>, short for <c>--set seed=N</c>.</summary>
    public static Option<string?> SeedOption() => new("--seed") { Description = "Short for --set seed=N", HelpName = "N" };

    /// <summary><c>--runs DIR</c>.</summary>
    public static Option<string?> RunsOption() =>
        new("--runs") { Description = "Folder of the runs (default: RAPID_RUNS, else ./runs)", HelpName = "dir" };

    /// <summary>Where runs are.</summary>
    public static string RunsFolder(string? option) => Path.GetFullPath(option ?? ServiceOptionsReader.Read(ServiceKind.Learner).Runs);

    /// <summary>The complete spec of a file, or the default one, with what the command line sets.</summary>
    /// <exception cref="SpecException">With every problem.</exception>
    /// <exception cref="CliException">There is no such file.</exception>
    public static ExperimentOptions ReadSpec(string? path, IEnumerable<string> overrides, string? seed)
    {
        var yaml = path is null ? SpecReader.DefaultYaml : File.Exists(path)
            ? File.ReadAllText(path)
            : throw new CliException(string.Create(CultureInfo.InvariantCulture, $"{path}: there is no such file"), ExitCode.BadInput);
        var folder = path is null ? Directory.GetCurrentDirectory() : Path.GetDirectoryName(Path.GetFullPath(path));
        return WithNote(SpecReader.ReadYaml(yaml, seed is null ? overrides : [.. overrides, $"seed={seed}"], folder));
    }

    /// <summary>The same options, after what who uses the environment should know was said.</summary>
    public static ExperimentOptions WithNote(ExperimentOptions options)
    {
        if (EnvironmentRegistry.Find(options.Environment.Name)?.Note is { } note)
        {
            Console.Error.WriteLine($"note: {note}");
        }

        return options;
    }
}
