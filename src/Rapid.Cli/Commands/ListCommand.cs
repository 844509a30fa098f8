using System.CommandLine;
using System.Globalization;
using Rapid.Cli.Terminal;
using Rapid.Cli.Views;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid list</c>: the experiments of a running learner.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var learner = ClientOptions.LearnerOption();
        var command = new Command("list", "List the experiments of a running learner") { learner };
        command.SetBody(async (result, signals) =>
        {
            using var remote = ClientOptions.Open(result.GetValue(learner));
            var experiments = await remote.ListAsync(signals.Stop);
            TextTable.Write(
                Console.Out,
                ["id", "state", "step", "of", "evaluation", "submitter", "error"],
                experiments.Select(experiment => (string[])
                [
                    experiment.Id,
                    experiment.State.ToString().ToLowerInvariant(),
                    experiment.Step.ToString(CultureInfo.InvariantCulture),
                    experiment.TotalSteps.ToString(CultureInfo.InvariantCulture),
                    Figures.Return(experiment.HasEvaluationReturn ? experiment.EvaluationReturn : null),
                    experiment.Submitter,
                    experiment.Error,
                ]));
            return ExitCode.Success;
        });
        return command;
    }
}
