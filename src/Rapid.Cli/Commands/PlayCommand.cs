using System.CommandLine;
using Rapid.Cli.Play;
using Rapid.Cli.Training;
using Rapid.Environments;
using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;
using Rapid.Evaluator;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid play WHAT</c>: a game in the terminal or on film, played by a policy, by chance or by hand.</summary>
internal static class PlayCommand
{
    private const int MostEpisodes = 10_000;

    public static Command Create()
    {
        var what = new Argument<string>("what")
        {
            Description = "An Atari environment or game, or a run, whose newest policy plays: duel, ALE/Pong-v5, runs/NAME",
        };
        var episodes = Number("--episodes", $"Games to play, 1 to {MostEpisodes} (default: 1)", MostEpisodes);
        var steps = Number("--steps", "Actions after which the playing ends", int.MaxValue);
        var seed = new Option<ulong?>("--seed") { Description = "Seed of the starts (default: the run's, else 1)", HelpName = "N" };
        var isRandom = new Option<bool>("--random") { Description = "Random actions, also for a run" };
        var target = new Option<string?>("--out")
        {
            Description = "Film it: .gif, .mp4, .webm, .png (last picture), or a folder for numbered .png files",
            HelpName = "file",
        };
        var (runs, roms) = (TrainCommand.RunsOption(), RomsCommand.FolderOption());
        var command = new Command("play", "Watch a policy play an Atari game, play it by hand, or film it")
        {
            what, episodes, steps, seed, isRandom, target, runs, roms,
        };
        command.SetBody((result, signals) => PlayAsync(
            new Request(
                PlaySubject.Find(result.GetRequiredValue(what), TrainCommand.RunsFolder(result.GetValue(runs))),
                result.GetValue(episodes) ?? 1,
                result.GetValue(steps),
                result.GetValue(seed),
                result.GetValue(isRandom),
                result.GetValue(target),
                result.GetValue(roms)),
            signals));
        return command;
    }

    private static async Task<int> PlayAsync(Request request, StopSignals signals)
    {
        var (subject, isTerminal) = (request.Subject, request.Target is null && !Console.IsOutputRedirected);
        var keyboard = isTerminal && !Console.IsInputRedirected ? new Keyboard() : null;
        var byHand = keyboard is not null && subject.Run is null && !request.IsRandom;
        await using var film = request.Target is null ? null : Films.Create(request.Target);
        using var game = CreateGame(request, byHand);
        using var environment = new TimeLimit(game, subject.Spec?.Environment.MaxEpisodeSteps ?? int.MaxValue);
        using var policy = subject is { Spec: { } spec, Run: { } run } && !request.IsRandom
            ? new FrozenPolicy(spec, environment.ObservationSpace, environment.ActionSpace)
            : null;
        policy?.Load(CheckpointPolicy.Load(subject.Run!, subject.Spec!));

        // Nothing is drawn before this: errors above belong on the user's own page.
        var terminal = isTerminal ? new TerminalScreen(byHand ? Keyboard.Hint : keyboard is null ? "" : "q ends") : null;
        signals.BeforeExit = terminal is null ? null : terminal.Restore;
        var screen = terminal ?? film;
        var playback = new Playback(environment, Choose(), new PictureTap(game, screen is not null), screen)
        {
            HasQuit = () => keyboard?.HasQuit == true,
            StepsLeft = request.Steps ?? int.MaxValue,
        };
        var isStopped = false;
        try
        {
            await playback.RunAsync(request.Episodes, request.Seed ?? subject.Spec?.Seed ?? 1, signals.Stop);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            isStopped = true;
        }
        finally
        {
            await (terminal?.DisposeAsync() ?? default);
        }

        var made = film is null ? null : await film.FinishAsync();
        playback.Results.ForEach(Console.Out.WriteLine);
        if (made is not null)
        {
            Console.Out.WriteLine(made);
        }

        return isStopped ? ExitCode.Stopped : ExitCode.Success;

        Player Choose()
        {
            var actions = ((DiscreteSpace)environment.ActionSpace).Count;
            return (observation, isFirst, random, action) =>
            {
                var pressed = keyboard?.Read() ?? 0;
                if (policy is not null)
                {
                    policy.Act(observation, isFirst, random, action);
                }
                else
                {
                    action[0] = byHand ? pressed : random[0].NextIndex(actions);
                }
            };
        }
    }

    private static AtariEnvironment CreateGame(Request request, bool byHand)
    {
        var (name, given) = (request.Subject.Environment, request.Subject.Spec?.Environment.Options);

        // Whole games; a hand is asked thirty times a second and does everything itself.
        var options = new Dictionary<string, string>(given ?? new Dictionary<string, string>()) { ["episodic_life"] = "false" };
        if (byHand)
        {
            (options["frame_skip"], options["noop_max"], options["repeat_action_probability"]) = ("2", "0", "0");
            (options["fire_reset"], options["full_action_space"], options["max_pool"]) = ("false", "true", "false");
        }

        var game = GameTable.Find(name.Game)!;
        return new AtariEnvironment(RomLibrary.Open(request.Roms).Require(game), game, AtariTasks.Read(name.Defaults, options));
    }

    private static Option<int?> Number(string name, string description, int most)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            // What is no number the library refuses by itself.
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var value) && (value < 1 || value > most))
            {
                result.AddError($"{name}: {value} is out of range; allowed: 1 to {most}");
            }
        });
        return option;
    }

    private sealed record Request(
        PlaySubject Subject, int Episodes, int? Steps, ulong? Seed, bool IsRandom, string? Target, string? Roms);
}
