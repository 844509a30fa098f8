using System.CommandLine;
using Grpc.Core;
using Rapid.Cli.Terminal;
using Rapid.Cli.Training;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid resume RUN</c>: goes on with a run from its newest checkpoint, whatever ended it before its last step. It is an
/// experiment of a running learner, or a run's folder.</summary>
internal static class ResumeCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("run") { Description = "Id of an experiment of a running learner, or a run's folder or its name" };
        var runs = TrainCommand.RunsOption();
        var learner = ClientOptions.LearnerOption();
        var command = new Command("resume", "Go on with a run from its newest checkpoint") { run, runs, learner };
        command.SetBody(async (result, signals) =>
        {
            var (name, folder, address) = (result.GetRequiredValue(run), result.GetValue(runs), result.GetValue(learner));
            if (address is not null || (folder is null && name == Path.GetFileName(name)))
            {
                using var remote = ClientOptions.Open(address);
                try
                {
                    var experiment = await remote.ResumeAsync(name, signals.Stop);
                    Console.Out.WriteLine($"{experiment.Id} {experiment.State.ToString().ToLowerInvariant()} at step {experiment.Step}");
                    return ExitCode.Success;
                }
                catch (Exception error) when (address is null && IsNotThere(error))
                {
                    // No learner, or none that knows it: a folder, then.
                }
            }

            return await LocalTraining.ResumeAsync(RunFolders.Find(name, TrainCommand.RunsFolder(folder)), signals);
        });
        return command;
    }

    private static bool IsNotThere(Exception error) =>
        error is CliException { ExitCode: ExitCode.Unreachable } or RpcException { StatusCode: StatusCode.NotFound };
}
