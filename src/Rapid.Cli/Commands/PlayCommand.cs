using System.CommandLine;
using Rapid.Cli.Play;
using Rapid.Cli.Terminal;
using Rapid.Environments.Rendering;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid play WHAT</c>: an environment in the terminal or on film, played by a policy, by chance or by hand.</summary>
internal static class PlayCommand
{
    private const int MostEpisodes = 10_000, LeastHeight = 32, MostHeight = 2160;

    public static Command Create()
    {
        var what = new Argument<string>("what")
        {
            Description = "An environment, an Atari game, or a run, whose newest policy plays: Hopper-v4, duel, ALE/Pong-v5, runs/NAME",
        };
        var episodes = NumberOption.Create("--episodes", $"Episodes to play, 1 to {MostEpisodes} (default: 1)", 1, MostEpisodes);
        var (steps, seed, isRandom, target) = (StepsOption(), SeedOption(), RandomOption("Random actions, also for a run"), TargetOption());
        var height = NumberOption.Create(
            "--height",
            $"Rows of a picture, {LeastHeight} to {MostHeight} (default: 320 for .gif, else 480; not for Atari)",
            LeastHeight,
            MostHeight);
        var quality = new Option<RenderQuality?>("--quality")
        {
            Description = "fast, or good: with shadows and smooth edges (default: good for a .png, else fast)",
            HelpName = "fast|good",
        };
        var (runs, roms) = (TrainCommand.RunsOption(), RomsCommand.FolderOption());
        var command = new Command("play", "Watch a policy in its environment, play an Atari game by hand, or film either")
        {
            what, episodes, steps, seed, isRandom, target, height, quality, runs, roms,
        };
        command.SetBody((result, signals) => PlaySession.RunAsync(
            new PlayRequest(PlaySubject.Find(result.GetRequiredValue(what), TrainCommand.RunsFolder(result.GetValue(runs))))
            {
                Episodes = result.GetValue(episodes) ?? 1,
                Steps = result.GetValue(steps),
                Seed = result.GetValue(seed),
                IsRandom = result.GetValue(isRandom),
                Target = result.GetValue(target),
                Roms = result.GetValue(roms),
                Height = result.GetValue(height),
                Quality = result.GetValue(quality),
            },
            signals));
        return command;
    }

    public static Option<bool> RandomOption(string description) => new("--random") { Description = description };

    public static Option<int?> StepsOption() => NumberOption.Create("--steps", "Actions after which the playing ends", 1, int.MaxValue);

    public static Option<ulong?> SeedOption() =>
        NumberOption.Create<ulong>("--seed", "Seed of the starts (default: the run's, else 1)", 0, ulong.MaxValue);

    public static Option<string?> TargetOption() => new("--out", "--video")
    {
        Description = "Film it: .gif, .mp4, .webm, .png (last picture), or a folder for numbered .png files",
        HelpName = "file",
    };
}
