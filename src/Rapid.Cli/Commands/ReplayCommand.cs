using System.CommandLine;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid replay</c>: the service by itself; with a subcommand, a client of running ones.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var command = ServiceCommand.Replay();
        command.Subcommands.Add(ReplayStatsCommand.Create());
        command.Subcommands.Add(ReplayDumpCommand.Create());
        command.Subcommands.Add(ReplayExportCommand.Create());
        command.Subcommands.Add(ReplayImportCommand.Create());
        return command;
    }

    /// <summary><c>--replay ADDRESS[,ADDRESS...]</c>.</summary>
    public static Option<string?> AddressOption() => new("--replay")
    {
        Description = "Addresses of the replay services, comma separated "
            + "(default: RAPID_REPLAY, else those of 'rapid up', else http://127.0.0.1:5101)",
        HelpName = "addresses",
    };
}
