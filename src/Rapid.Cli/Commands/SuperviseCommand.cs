using System.CommandLine;
using Rapid.Cli.Supervision;
using Rapid.Cli.Terminal;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid supervise</c>: the process that <c>rapid up</c> leaves behind.</summary>
internal static class SuperviseCommand
{
    public static Command Create()
    {
        var state = StateOption.Create();
        var command = new Command(ServicePlan.SuperviseCommandName, "Start again what ends; 'rapid up' starts it") { state };
        command.Hidden = true;
        command.SetBody(async (result, signals) =>
        {
            await new Supervisor(StateFolder.Locate(result.GetValue(state))).RunAsync(signals.Stop);
            return ExitCode.Success;
        });
        return command;
    }
}
