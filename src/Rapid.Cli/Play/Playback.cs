using System.Globalization;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Evaluator;

namespace Rapid.Cli.Play;

/// <summary>Chooses an action.</summary>
/// <param name="observation">[obs].</param>
/// <param name="isFirst">An episode starts with it.</param>
/// <param name="random">[1], the episode's randomness.</param>
/// <param name="action">[act], overwritten.</param>
internal delegate void Player(ReadOnlySpan<float> observation, bool isFirst, ReadOnlySpan<RandomStream> random, Span<float> action);

/// <summary>Plays episodes for people to watch.</summary>
/// <param name="environment">What is played.</param>
/// <param name="player">Who plays.</param>
/// <param name="pictures">Of the environment.</param>
/// <param name="screen">Where they go, or null.</param>
internal sealed class Playback(IEnvironment environment, Player player, IPictureSource pictures, IScreen? screen)
{
    /// <summary>Asked after every step whether the user has had enough.</summary>
    public Func<bool> HasQuit { get; init; } = static () => false;

    /// <summary>Actions that are left before the playing ends.</summary>
    public int StepsLeft { get; set; } = int.MaxValue;

    /// <summary>One line for each episode that was begun.</summary>
    public List<string> Results { get; } = [];

    /// <summary>Plays; episode i of a seed starts as episode i of an evaluation with it.</summary>
    /// <param name="episodes">How many.</param>
    /// <param name="seed">Of their starts.</param>
    /// <param name="stop">Checked at every step.</param>
    public async Task RunAsync(int episodes, ulong seed, CancellationToken stop)
    {
        var (observation, action) = (new float[environment.ObservationSpace.Size], new float[environment.ActionSpace.Size]);
        for (var episode = 0; episode < episodes && !IsEnough; episode++)
        {
            await PlayAsync(episode, PolicyEvaluator.RandomOf(seed, episode), observation, action, stop);
        }
    }

    private bool IsEnough => HasQuit() || StepsLeft == 0;

    private async Task PlayAsync(int episode, RandomStream random, float[] observation, float[] action, CancellationToken stop)
    {
        RandomStream[] noise = [random];
        var (score, isFirst, end) = (0.0, true, (string?)null);
        environment.Reset(random, observation);
        pictures.Start();
        try
        {
            await ShowAsync(stop);
            while (end is null && !IsEnough)
            {
                stop.ThrowIfCancellationRequested();
                player(observation, isFirst, noise, action);
                isFirst = false;
                StepsLeft--;
                var result = environment.Step(action, observation);
                if (result.Breakdown is { } reason)
                {
                    end = $", broke: {reason}";
                    break;
                }

                score += result.RawReward;
                end = result.Terminated || result.Truncated ? "" : null;
                pictures.Step(score, isLast: end is not null || IsEnough);
                await ShowAsync(stop);
            }
        }
        finally
        {
            Results.Add(string.Create(
                CultureInfo.InvariantCulture, $"episode {episode + 1}: {pictures.Summary(score)}{end ?? ", stopped"}"));
        }
    }

    private async Task ShowAsync(CancellationToken stop)
    {
        while (screen is not null && pictures.TryTake(out var picture))
        {
            await screen.ShowAsync(picture, stop);
        }
    }
}
