using System.CommandLine;
using System.Globalization;
using Rapid.Cli.Play;
using Rapid.Cli.Terminal;
using Rapid.Environments;
using Rapid.Environments.Atari;
using Rapid.Environments.MuJoCo;
using Rapid.Environments.Registry;
using Rapid.Protocol.Specs;
using Rapid.Specs;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid envs [NAME]</c>: what there is to learn.</summary>
internal static class EnvironmentsCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("name")
        {
            Description = "One environment with its options, or the YAML file of a task or an Atari game",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var folder = RomsCommand.FolderOption();
        var (isRandom, target) = (PlayCommand.RandomOption("Show it under random actions"), PlayCommand.TargetOption());
        var (steps, seed) = (PlayCommand.StepsOption(), PlayCommand.SeedOption());
        var pictures = new Option<string?>("--pictures")
        {
            Description = "Write a .png with a picture of every environment but Atari's games",
            HelpName = "file",
        };
        var command = new Command("envs", "List the environments, describe one, or show one")
        {
            name, isRandom, target, steps, seed, pictures, folder,
        };
        command.Validators.Add(result =>
        {
            var shows = result.GetResult(isRandom) is { Implicit: false } || result.GetResult(target) is not null;
            if (shows && result.GetValue(name) is null)
            {
                result.AddError("--random and --video want the name of one environment: rapid envs Hopper-v4 --random --video hopper.gif");
            }
        });
        command.SetBody((result, signals) =>
        {
            var (wanted, file) = (result.GetValue(name), result.GetValue(target));
            if (result.GetValue(pictures) is { } sheet)
            {
                Console.Out.WriteLine(ContactSheet.Write(sheet, signals.Stop));
                return Task.FromResult(ExitCode.Success);
            }

            return wanted is not null && (result.GetValue(isRandom) || file is not null)
                ? PlaySession.RunAsync(
                    new PlayRequest(PlaySubject.Find(wanted, TrainCommand.RunsFolder(null)))
                    {
                        IsRandom = true,
                        Target = file,
                        Steps = result.GetValue(steps),
                        Seed = result.GetValue(seed),
                        Roms = result.GetValue(folder),
                    },
                    signals)
                : Task.FromResult(wanted is null ? List(result.GetValue(folder), signals.Stop) : Describe(wanted, result.GetValue(folder)));
        });
        return command;
    }

    private static int List(string? folder, CancellationToken stop)
    {
        var rows = EnvironmentRegistry.All.Concat(EnvironmentRegistry.More).Select(info =>
        {
            var (observations, actions, _) = Spaces(info);
            return (string[])[info.Name, observations, actions, Number(info.MaxEpisodeSteps), Threshold(info), info.Summary];
        });
        TextTable.Write(Console.Out, ["name", "observations", "actions", "limit", "solved at", "task"], rows);
        Console.Out.WriteLine();
        foreach (var problem in EnvironmentRegistry.PluginProblems)
        {
            Console.Out.WriteLine($"plug-in {problem}");
        }

        AtariListing.List(folder, stop);
        return ExitCode.Success;
    }

    private static int Describe(string name, string? folder)
    {
        var info = EnvironmentRegistry.Find(name)
            ?? throw new CliException($"'{name}' {EnvironmentRegistry.WhyUnknown(name)}", ExitCode.BadInput);
        if (AtariName.IsDescription(name) && info.IsAtari)
        {
            AtariListing.DescribeFile(name, folder);
            return ExitCode.Success;
        }

        if (AtariNames.Parse(name) is { File: null } atari)
        {
            AtariListing.Describe(atari, folder);
            return ExitCode.Success;
        }

        var (observations, actions, problems) = Spaces(info);
        if (problems.Length > 0)
        {
            throw new CliException(string.Join(Environment.NewLine, problems), ExitCode.BadInput);
        }

        TextTable.Write(
            Console.Out,
            [],
            [
                [info.Name, info.Summary],
                .. info.Note is { } note ? (string[][])[["note", note]] : [],
                ["family", info.Family],
                ["observations", observations],
                ["actions", actions],
                .. info.Facts.Select(fact => (string[])[fact.About, fact.Fact]),
                ["limit", $"{Number(info.MaxEpisodeSteps)} steps an episode (environment.max_episode_steps)"],
                ["solved at", Threshold(info)],
                .. InfoNames(info) is { Count: > 0 } details ? (string[][])[["info", string.Join(", ", details)]] : [],
                ["options", info.Options.Count == 0 ? "none" : "(environment.options)"],
                .. info.Options.Select(option => (string[])[$"  {option.Key}", option.Value]),
            ]);
        return ExitCode.Success;
    }

    /// <summary>What it shows and takes, or why it cannot be made.</summary>
    private static (string Observations, string Actions, string[] Problems) Spaces(EnvironmentInfo info)
    {
        try
        {
            string[] problems =
                [.. EnvironmentRegistry.CheckOptions(info, new Dictionary<string, string>()).Select(problem => problem.Problem)];
            if (problems.Length > 0)
            {
                return ("-", "-", problems);
            }

            using var environment = EnvironmentFactory.Create(new EnvironmentOptions { Name = info.Name });
            return (environment.ObservationSpace.ToString()!, environment.ActionSpace.ToString()!, []);
        }
        catch (InvalidDataException error)
        {
            return ("-", "-", [error.Message]);
        }
    }

    private static IReadOnlyList<string> InfoNames(EnvironmentInfo info)
    {
        using var environment = EnvironmentRegistry.Create(info.Name);
        return environment is MuJoCoEnvironment physics ? physics.InfoNames : [];
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Threshold(EnvironmentInfo info) => info.RewardThreshold?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
