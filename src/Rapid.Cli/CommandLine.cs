using System.CommandLine;
using System.CommandLine.Invocation;
using Rapid.Cli.Commands;
using Rapid.Cli.Terminal;
using Rapid.Core;

namespace Rapid.Cli;

/// <summary>All commands of <c>rapid</c>.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs one command line.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var result = Create().Parse(args.Length > 0 ? args : ["--help"]);
        if (result.Action is ParseErrorAction)
        {
            return Refuse(result);
        }

        // Signals are ours (StopSignals): the first asks for a checkpoint, which may take longer than the library would wait.
        return await result.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static int Refuse(ParseResult result)
    {
        foreach (var error in result.Errors)
        {
            Console.Error.WriteLine(error.Message);
        }

        // The library's own suggestions would offer "-h" for every number.
        Command[] commands = [result.CommandResult.Command, result.RootCommandResult.Command];
        var options = commands.SelectMany(command => command.Options).SelectMany(option => option.Aliases.Append(option.Name));
        var names = options.Where(name => name.StartsWith("--", StringComparison.Ordinal))
            .Concat(result.CommandResult.Command.Subcommands.Select(command => command.Name))
            .ToList();
        foreach (var token in result.UnmatchedTokens)
        {
            if (NearestName.Find(token, names) is { } nearest)
            {
                Console.Error.WriteLine($"'{token}': did you mean '{nearest}'?");
            }
        }

        return ExitCode.BadInput;
    }

    private static RootCommand Create() => new(
        """
        Trains reinforcement-learning policies with actors, replay, learner and evaluator.

        The script ./rapid has three commands more: test [NAME] runs the tests, build builds everything, format formats the code.
        Exit codes: 0 done, 1 failed, 2 wrong input, 3 service unreachable or nothing runs, 130 stopped by a signal.
        """)
    {
        TrainCommand.Create(),
        ResumeCommand.Create(),
        EvaluateCommand.Create(),
        PlayCommand.Create(),
        CompareCommand.Create(),
        SubmitCommand.Create(),
        ListCommand.Create(),
        WatchCommand.Create(),
        CancelCommand.Create(),
        UpCommand.Create(),
        DownCommand.Create(),
        StatusCommand.Create(),
        SuperviseCommand.Create(),
        EnvironmentsCommand.Create(),
        RomsCommand.Create(),
        SpecCommand.Create(),
        SchemaCommand.Create(),
        BenchCommand.Create(),
        ChaosCommand.Create(),
        ReplayCommand.Create(),
        ServiceCommand.Learner(),
        ServiceCommand.Evaluator(),
        ServiceCommand.Actor(),
    };
}
