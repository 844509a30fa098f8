using System.CommandLine;
using Rapid.Cli.Supervision;
using Rapid.Cli.Terminal;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid down</c>: stops what <c>rapid up</c> has started. Runs go on with the next <c>up</c>.</summary>
internal static class DownCommand
{
    public static Command Create()
    {
        var state = StateOption.Create();
        var command = new Command("down", "Stop the services that 'rapid up' has started; runs go on with the next 'up'") { state };
        command.SetBody(async (result, signals) =>
        {
            var folder = StateFolder.Locate(result.GetValue(state));
            if (!Directory.Exists(folder.Path))
            {
                // The folder may have been removed under what runs.
                if (MarkedProcess.All(folder).Count == 0)
                {
                    Console.Out.WriteLine($"nothing runs from {folder.Path}");
                    return ExitCode.Success;
                }

                folder.Create();
            }

            using var turn = folder.TakeTurn();
            var stopped = await ClusterStop.StopAsync(folder, signals.Stop);
            var names = stopped.Select(one => one.WasKilled ? $"{one.Process.Name} (killed: it did not stop in time)" : one.Process.Name);
            Console.Out.WriteLine(stopped.Count == 0 ? $"nothing runs from {folder.Path}" : $"stopped: {string.Join(", ", names)}");
            return ExitCode.Success;
        });
        return command;
    }
}
