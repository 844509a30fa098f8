using System.CommandLine;
using Rapid.Cli.Terminal;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid cancel ID</c>: stops an experiment of a running learner.</summary>
internal static class CancelCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "Id of an experiment; 'rapid list' shows them" };
        var learner = ClientOptions.LearnerOption();
        var command = new Command("cancel", "Stop an experiment; a running one writes a checkpoint first") { id, learner };
        command.SetBody(async (result, signals) =>
        {
            using var remote = ClientOptions.Open(result.GetValue(learner));
            var experiment = await remote.CancelAsync(result.GetRequiredValue(id), signals.Stop);
            Console.Out.WriteLine($"{experiment.Id} {experiment.State.ToString().ToLowerInvariant()} at step {experiment.Step}");
            return ExitCode.Success;
        });
        return command;
    }
}
