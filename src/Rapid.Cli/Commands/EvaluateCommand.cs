using System.CommandLine;
using System.Globalization;
using Rapid.Cli.Terminal;
using Rapid.Cli.Training;
using Rapid.Cli.Views;
using Rapid.Environments.Atari;
using Rapid.Evaluator;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid eval RUN</c>: scores the newest checkpoint of a run, one line an episode and a summary.</summary>
internal static class EvaluateCommand
{
    // As many games as Mnih et al. (2015) score a policy with.
    private const int AtariEpisodes = 30;

    private const int UsualEpisodes = 100;

    public static Command Create()
    {
        var run = new Argument<string>("run") { Description = "A run's folder, or its name" };
        var runs = TrainCommand.RunsOption();
        var episodes = NumberOption.Create(
            "--episodes", $"Episodes to play (default: {UsualEpisodes}, of Atari games {AtariEpisodes})", 1, int.MaxValue);
        var seed = NumberOption.Create<ulong>("--seed", "Seed of the start states (default: the run's)", 0, ulong.MaxValue);
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

    private static int Evaluate(string name, string runs, int? wanted, ulong? seed, bool isStochastic, CancellationToken cancellation)
    {
        var run = RunFolders.Find(name, runs);
        var options = run.ReadOptions();
        options = options with { Evaluation = options.Evaluation with { Deterministic = !isStochastic } };
        var snapshot = CheckpointPolicy.Load(run, options);
        var atari = AtariNames.Parse(options.Environment.Name);
        var episodes = wanted ?? (atari is null ? UsualEpisodes : AtariEpisodes);
        using var evaluator = new PolicyEvaluator(options);
        var report = evaluator.Evaluate(snapshot, episodes, seed ?? options.Seed, cancellation);
        if (report.BrokenEpisodes > 0)
        {
            var broken = $"{report.BrokenEpisodes} of {episodes} episodes broke and have no return: {report.Breakdown}";
            episodes = report.Returns.Count > 0 ? report.Returns.Count : throw new CliException(broken, ExitCode.Failure);
            Console.Out.WriteLine(broken);
        }

        for (var i = 0; i < episodes; i++)
        {
            Console.Out.WriteLine($"episode {i + 1}: return {Figures.Return(report.Returns[i])}, {report.Lengths[i]} steps");
        }

        var mean = report.Returns.Average();
        var deviation = Math.Sqrt(report.Returns.Average(value => (value - mean) * (value - mean)));
        var (policy, actions) = ($"{run.Id} at step {snapshot.Step}", isStochastic ? "sampled" : "deterministic");
        Console.Out.WriteLine(atari is null
            ? $"{policy}: return {Figures.Return(mean)} +- {Figures.Return(deviation)} over {episodes} episodes, {actions} actions"
            : $"{policy}: score {Figures.Return(mean)}, standard error {Error()} over {episodes} games with {Starts()}, {actions} actions");
        if (atari is not null && AtariTasks.KnownGame(atari) is { } game && HumanScores.HumanNormalised(game, mean) is { } normalised)
        {
            var percent = (100 * normalised).ToString("0.0", CultureInfo.InvariantCulture);
            Console.Out.WriteLine($"human-normalised score: {percent} % (0 is a random policy, 100 a human tester)");
        }

        return ExitCode.Success;

        string Error() => episodes < 2 ? "unknown" : Figures.Return(deviation / Math.Sqrt(episodes - 1));

        string Starts() => AtariTasks.Read(atari!.Defaults, options.Environment.Options).NoopMax is > 0 and var most
            ? $"1 to {most} no-ops at the start"
            : "no no-ops at the start";
    }
}
