using System.CommandLine;
using Rapid.Protocol.Specs;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid submit SPEC</c>: gives an experiment to a running learner.</summary>
internal static class SubmitCommand
{
    public static Command Create()
    {
        var spec = TrainCommand.SpecArgument();
        var (set, seed) = (TrainCommand.SetOption(), TrainCommand.SeedOption());
        var learner = ClientOptions.LearnerOption();
        var watch = new Option<bool>("--watch") { Description = "Follow the run until it ends" };
        var command = new Command("submit", "Submit an experiment to a running learner") { spec, set, seed, learner, watch };
        command.SetBody(async (result, signals) =>
        {
            var options = TrainCommand.ReadSpec(result.GetValue(spec), result.GetValue(set) ?? [], result.GetValue(seed));
            using var remote = ClientOptions.Open(result.GetValue(learner));
            var experiment = await remote.SubmitAsync(SpecWriter.ToMessage(options), signals.Stop);
            Console.Out.WriteLine(experiment.Id);
            return result.GetValue(watch) ? await WatchCommand.FollowAsync(remote, experiment.Id, signals.Stop) : ExitCode.Success;
        });
        return command;
    }
}
