using System.CommandLine;
using Rapid.Cli.Clients;
using Rapid.Cli.Terminal;
using Rapid.Protocol.V1;
using Rapid.Specs;

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
        var once = new Option<bool>("--once")
        {
            Description = "Unless an experiment of the same complete spec waits, runs or has finished: that one is taken for this",
        };
        var submitter = new Option<string>("--submitter")
        {
            Description = "On whose account: submitters take turns (default: the name of the user who calls)",
            DefaultValueFactory = _ => Environment.UserName,
        };
        var command = new Command("submit", "Submit an experiment to a running learner")
        {
            spec, set, seed, learner, submitter, once, watch,
        };
        command.SetBody(async (result, signals) =>
        {
            var options = TrainCommand.ReadSpec(result.GetValue(spec), result.GetValue(set) ?? [], result.GetValue(seed));
            using var remote = ClientOptions.Open(result.GetValue(learner));
            var message = SpecWriter.ToMessage(options);
            var experiment = (result.GetValue(once) ? await FindAsync(remote, message, signals.Stop) : null)
                ?? await remote.SubmitAsync(message, result.GetValue(submitter)!, signals.Stop);
            Console.Out.WriteLine(experiment.Id);
            return result.GetValue(watch) ? await WatchCommand.FollowAsync(remote, experiment.Id, signals.Stop) : ExitCode.Success;
        });
        return command;
    }

    /// <summary>The newest experiment of the same spec that is not failed or cancelled.</summary>
    private static async Task<Experiment?> FindAsync(Remote remote, ExperimentSpec spec, CancellationToken cancellation) =>
        (await remote.ListAsync(cancellation)).LastOrDefault(experiment => experiment.Spec.Equals(spec)
            && experiment.State is not (ExperimentState.Failed or ExperimentState.Cancelled));
}
