using Rapid.Cli.Terminal;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Views;

/// <summary>How a run ended, as a line and as an exit code.</summary>
internal static class RunEnding
{
    /// <summary>The closing line of a run that is over.</summary>
    /// <param name="run">As it was last.</param>
    /// <param name="name">What to call it: its id, or its folder.</param>
    /// <exception cref="CliException">It failed, or stopped before its end.</exception>
    public static int Say(RunSnapshot run, string name)
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
