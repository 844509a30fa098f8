using Rapid.Cli.Terminal;
using Rapid.Cli.Training;
using Rapid.Environments;
using Rapid.Environments.Atari;
using Rapid.Environments.Registry;
using Rapid.Environments.Rendering;
using Rapid.Evaluator;
using Rapid.Specs;

namespace Rapid.Cli.Play;

/// <summary>Plays what a user wants to see, in the terminal or on film.</summary>
internal static class PlaySession
{
    /// <summary>Plays.</summary>
    /// <exception cref="CliException">It cannot be played or shown.</exception>
    /// <exception cref="RenderingException">This machine cannot draw.</exception>
    public static async Task<int> RunAsync(PlayRequest request, StopSignals signals)
    {
        var (subject, isTerminal) = (request.Subject, request.Target is null && TerminalScreen.IsThere);
        var keyboard = isTerminal && !Console.IsInputRedirected ? new Keyboard() : null;
        var byHand = keyboard is not null && subject is { Run: null, IsGame: true } && !request.IsRandom;
        if (EnvironmentRegistry.Find(subject.Environment.Name)?.Note is { } note)
        {
            Console.Error.WriteLine($"note: {note}");
        }

        await using var film = request.Target is null ? null : Films.Create(request.Target);
        var terminal = isTerminal ? new TerminalScreen(byHand ? Keyboard.Hint : keyboard is null ? "" : "q ends") : null;
        var screen = terminal ?? film;
        using var environment = Create(request, byHand);
        using IPictureSource pictures = environment.Renderable is AtariEnvironment game ? new ArcadePictures(game, screen is not null)
            : screen is not null ? Draw(environment, request, screen)
            : new NoPictures();
        using var policy = subject is { Spec: { } spec, Run: { } run } && !request.IsRandom
            ? new FrozenPolicy(environment.ObservationSpace, environment.ActionSpace, spec.Evaluation.Deterministic, spec.Actors.Threads)
            : null;
        policy?.Load(CheckpointPolicy.Load(subject.Run!, subject.Spec!));
        signals.BeforeExit = terminal is null ? null : terminal.Restore;
        var playback = new Playback(environment, Choose(), pictures, screen)
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

        Player Choose() => (observation, isFirst, random, action) =>
        {
            var pressed = keyboard?.Read() ?? 0;
            if (policy is not null)
            {
                policy.Act(observation, isFirst, random, action);
            }
            else if (byHand)
            {
                action[0] = pressed;
            }
            else
            {
                RandomActions.Draw(environment.ActionSpace, random[0], action);
            }
        };
    }

    private static RenderedPictures Draw(IEnvironment environment, PlayRequest request, IScreen screen)
    {
        var renderable = environment.Renderable ?? throw new CliException(
            $"{request.Subject.Environment.Name} cannot be drawn: its environment is no {nameof(IRenderable)}", ExitCode.BadInput);

        // Where one picture counts, it may take its time.
        var quality = request.Quality ?? (screen.MostPerSecond == 0 ? RenderQuality.Good : RenderQuality.Fast);
        return new RenderedPictures(
            renderable, RenderOptions.Of(renderable, request.Height ?? screen.PreferredHeight, quality), screen.MostPerSecond);
    }

    /// <summary>The environment that evaluations of it have.</summary>
    private static IEnvironment Create(PlayRequest request, bool byHand)
    {
        var options = request.Subject.Environment;
        if (byHand)
        {
            // A hand is asked thirty times a second and does everything itself.
            options = options with
            {
                Options = new Dictionary<string, string>(options.Options)
                {
                    ["frame_skip"] = "2",
                    ["noop_max"] = "0",
                    ["repeat_action_probability"] = "0",
                    ["fire_reset"] = "false",
                    ["full_action_space"] = "true",
                    ["max_pool"] = "false",
                },
            };
        }

        var info = EnvironmentRegistry.Find(options.Name)!;
        string[] problems = [.. EnvironmentRegistry.CheckOptions(info, options.Options).Select(wrong => $"{wrong.Option}: {wrong.Problem}")];
        return problems.Length == 0
            ? EnvironmentFactory.CreateForEvaluation(options, request.Roms)
            : throw new CliException(string.Join(Environment.NewLine, problems), ExitCode.BadInput);
    }
}
