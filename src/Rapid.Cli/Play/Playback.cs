using System.Globalization;
using Rapid.Environments;
using Rapid.Evaluator;

namespace Rapid.Cli.Play;

/// <summary>Chooses an action.</summary>
/// <param name="observation">[obs].</param>
/// <param name="isFirst">A game starts with it.</param>
/// <param name="random">[1], the game's randomness.</param>
/// <param name="action">[act], overwritten.</param>
internal delegate void Player(ReadOnlySpan<float> observation, bool isFirst, ReadOnlySpan<RandomStream> random, Span<float> action);

/// <summary>Plays games for people to watch.</summary>
/// <param name="environment">Of the game.</param>
/// <param name="player">Who plays.</param>
/// <param name="tap">Pictures of the game.</param>
/// <param name="screen">Where they go, or null.</param>
internal sealed class Playback(IEnvironment environment, Player player, PictureTap tap, IScreen? screen)
{
    /// <summary>Asked after every step whether the user has had enough.</summary>
    public Func<bool> HasQuit { get; init; } = static () => false;

    /// <summary>Actions that are left before the playing ends.</summary>
    public int StepsLeft { get; set; } = int.MaxValue;

    /// <summary>One line for each game that was begun.</summary>
    public List<string> Results { get; } = [];

    /// <summary>Plays; game i of a seed starts as episode i of an evaluation with it.</summary>
    /// <param name="episodes">Games.</param>
    /// <param name="seed">Of their starts.</param>
    /// <param name="stop">Checked at every step.</param>
    public async Task RunAsync(int episodes, ulong seed, CancellationToken stop)
    {
        var (observation, action) = (new float[environment.ObservationSpace.Size], new float[1]);
        for (var episode = 0; episode < episodes && !IsEnough; episode++)
        {
            await PlayAsync(episode, PolicyEvaluator.RandomOf(seed, episode), observation, action, stop);
        }
    }

    private bool IsEnough => HasQuit() || StepsLeft == 0;

    private async Task PlayAsync(int episode, RandomStream random, float[] observation, float[] action, CancellationToken stop)
    {
        RandomStream[] noise = [random];
        var (score, isFirst, isOver) = (0.0, true, false);
        var ending = ", stopped";
        environment.Reset(random, observation);
        try
        {
            while (!isOver && !IsEnough)
            {
                stop.ThrowIfCancellationRequested();
                player(observation, isFirst, noise, action);
                isFirst = false;
                StepsLeft--;
                var result = environment.Step(action, observation);
                score += result.RawReward;
                isOver = result.Terminated || result.Truncated;
                ending = isOver ? result.Breakdown is { } reason ? $", broke: {reason}" : "" : ending;
                while (screen is not null && tap.TryTake(score, out var picture))
                {
                    await screen.ShowAsync(picture, stop);
                }
            }
        }
        finally
        {
            Results.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"episode {episode + 1}: score {score}, {tap.Frame} frames{ending}"));
        }
    }
}
