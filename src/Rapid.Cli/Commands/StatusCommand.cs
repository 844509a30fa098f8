using System.CommandLine;
using Rapid.Cli.Supervision;
using Rapid.Cli.Terminal;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid status</c>: one table of what <c>rapid up</c> has started.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var state = StateOption.Create();
        var command = new Command("status", "Show how the services are that 'rapid up' has started") { state };
        command.SetBody(async (result, signals) =>
        {
            var folder = StateFolder.Locate(result.GetValue(state));
            var report = folder.ReadPlan() is { } plan ? await ClusterReport.LookAsync(folder, plan, signals.Stop) : null;
            if (report is null or { IsEmpty: true })
            {
                Console.Out.WriteLine($"nothing runs from {folder.Path}; 'rapid up' starts the services");
                return ExitCode.Unreachable;
            }

            await report.WriteAsync(Console.Out, isStart: false, signals.Stop);
            return report.IsWell ? ExitCode.Success : ExitCode.Failure;
        });
        return command;
    }
}
