using System.CommandLine;
using Rapid.Cli.Views;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid watch ID</c>: shows a run of a running learner until it ends. Ctrl-C ends the watching, not the run.</summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "Id of an experiment; 'rapid list' shows them" };
        var learner = ClientOptions.LearnerOption();
        var command = new Command("watch", "Follow an experiment until it ends") { id, learner };
        command.SetBody(async (result, signals) =>
        {
            using var remote = ClientOptions.Open(result.GetValue(learner));
            return await FollowAsync(remote, result.GetRequiredValue(id), signals.Stop);
        });
        return command;
    }

    /// <summary>Shows a run until it ends and says how.</summary>
    public static async Task<int> FollowAsync(Remote remote, string id, CancellationToken cancellation)
    {
        var last = await RunViews.FollowAsync(remote.WatchAsync(id, cancellation), id, cancellation);
        return Conclude(last, id);
    }

    /// <summary>The closing line of a run that is over.</summary>
    /// <param name="run">As it was last.</param>
    /// <param name="name">What to call it: its id, or its folder.</param>
    /// <exception cref="CliException">It failed, or stopped before its end.</exception>
    public static int Conclude(RunSnapshot run, string name)
    {
        var evaluation = run switch
        {
            { Evaluation: not null } => $"evaluation return {run.Score}",
            { Experiment.HasEvaluationReturn: true } => $"evaluation return {Figures.Return(run.Experiment.EvaluationReturn)}",
            _ => "no evaluation",
        };
        switch (run.Experiment?.State)
        {
            case ExperimentState.Finished:
                Console.Out.WriteLine($"finished {name}: {evaluation}, {Figures.Count(run.Step)} steps");
                return ExitCode.Success;
            case ExperimentState.Cancelled:
                Console.Out.WriteLine($"cancelled {name} at step {Figures.Count(run.Step)}: {evaluation}");
                return ExitCode.Failure;
            case ExperimentState.Failed:
                throw new CliException($"{name} failed: {run.Experiment.Error}");
            default:
                throw new CliException("the learner went away before the run ended; 'rapid watch' follows it again", ExitCode.Unreachable);
        }
    }
}
