using System.CommandLine;
using Rapid.Cli.Training;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid resume RUN</c>: goes on with a run from its newest checkpoint, whatever ended it before its last step.</summary>
internal static class ResumeCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("run") { Description = "A run's folder, or its name" };
        var runs = TrainCommand.RunsOption();
        var command = new Command("resume", "Go on with a run from its newest checkpoint") { run, runs };
        command.SetBody((result, signals) =>
        {
            var folder = RunFolders.Find(result.GetRequiredValue(run), TrainCommand.RunsFolder(result.GetValue(runs)));
            return LocalTraining.ResumeAsync(folder, signals);
        });
        return command;
    }
}
