using System.CommandLine;
using Rapid.Cli.Training;
using Rapid.Cli.Views;
using Rapid.Evaluator;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid eval RUN</c>: scores the newest checkpoint of a run, one line an episode and a summary.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("run") { Description = "A run's folder, or its name" };
        var runs = TrainCommand.RunsOption();
        var episodes = new Option<int>("--episodes") { Description = "Episodes to play", HelpName = "N", DefaultValueFactory = _ => 100 };
        episodes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--episodes must be at least 1");
            }
        });
        var seed = new Option<ulong?>("--seed") { Description = "Seed of the start states (default: the run's)", HelpName = "N" };
        var stochastic = new Option<bool>("--stochastic") { Description = "Sample actions instead of taking the most likely one" };
        var command = new Command("eval", "Score the newest checkpoint of a run") { run, runs, episodes, seed, stochastic };
        command.SetBody((result, signals) => Task.Run(() => Evaluate(
            result.GetRequiredValue(run),
            TrainCommand.RunsFolder(result.GetValue(runs)),
            result.GetValue(episodes),
            result.GetValue(seed),
            result.GetValue(stochastic),
            signals.Stop)));
        return command;
    }

    private static int Evaluate(string name, string runs, int episodes, ulong? seed, bool isStochastic, CancellationToken cancellation)
    {
        var run = RunFolders.Find(name, runs);
        var options = run.ReadOptions();
        options = options with { Evaluation = options.Evaluation with { Deterministic = !isStochastic } };
        var snapshot = CheckpointPolicy.Load(run, options);
        using var evaluator = new PolicyEvaluator(options);
        var report = evaluator.Evaluate(snapshot, episodes, seed ?? options.Seed, cancellation);
        for (var i = 0; i < episodes; i++)
        {
            Console.Out.WriteLine($"episode {i + 1}: return {Figures.Return(report.Returns[i])}, {report.Lengths[i]} steps");
        }

        var mean = report.Returns.Average();
        var deviation = Math.Sqrt(report.Returns.Average(value => (value - mean) * (value - mean)));
        var score = $"{Figures.Return(mean)} +- {Figures.Return(deviation)} over {episodes} episodes";
        Console.Out.WriteLine($"{run.Id} at step {snapshot.Step}: return {score}, {(isStochastic ? "sampled" : "deterministic")} actions");
        return ExitCode.Success;
    }
}
