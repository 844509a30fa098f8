using Rapid.Core;
using Rapid.Environments.Atari;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests.Atari;

/// <summary>What lies between the console and a policy, on the game that ships with Rapid.</summary>
public class AtariEnvironmentTests
{
    private const string Name = "DuelNoFrameskip-v4";
    private const int Pixels = 84 * 84;

    [Fact]
    public void An_observation_is_a_small_grey_frame_and_a_policy_sees_four()
    {
        using var environment = Make();
        var space = Assert.IsType<FrameSpace>(environment.ObservationSpace);
        Assert.Equal((84, 84, 4, StackPadding.Zeros), (space.Height, space.Width, space.Stack, space.Padding));
        Assert.Equal(6, Assert.IsType<DiscreteSpace>(environment.ActionSpace).Count);
        var frame = new float[Pixels];
        environment.Reset(new RandomStream(1), frame);
        Assert.All(frame, value => Assert.True(value is >= 0 and <= 255 && value == MathF.Floor(value)));
        Assert.InRange(frame.Distinct().Count(), 4, 256);
    }

    [Fact]
    public void The_same_seed_and_actions_give_the_same_frames_and_another_seed_others()
    {
        static (List<float> Rewards, float[] Last) Play(ulong seed)
        {
            using var environment = Make();
            var (random, actions, frame, rewards) = (new RandomStream(seed), new RandomStream(9), new float[Pixels], new List<float>());
            environment.Reset(random, frame);
            for (var t = 0; t < 400; t++)
            {
                var result = environment.Step([actions.NextIndex(6)], frame);
                rewards.Add((float)result.Reward);
                if (result.Terminated || result.Truncated)
                {
                    environment.Reset(random, frame);
                }
            }

            return (rewards, frame);
        }

        Assert.Equivalent(Play(1), Play(1));
        Assert.NotEqual(Play(1).Last, Play(2).Last);
    }

    [Fact]
    public void A_lost_life_ends_an_episode_for_learning_but_not_the_game()
    {
        using var environment = Make();
        var (random, frame) = (new RandomStream(3), new float[Pixels]);
        environment.Reset(random, frame);
        var (score, ends) = (0.0, new List<bool>());
        while (ends.Count == 0 || ends[^1])
        {
            // Who does nothing loses nearly every point.
            var result = environment.Step([0], frame);
            score += result.RawReward;
            Assert.InRange(result.Reward, -1, 1);
            Assert.False(result.Truncated);
            if (result.Terminated)
            {
                ends.Add(result.GameGoesOn);
                environment.Reset(random, frame);
            }
        }

        Assert.Equal([true, true, false], ends);
        Assert.InRange(score, -21, -15);
    }

    [Fact]
    public void Without_episodes_of_a_life_only_the_game_ends_and_a_vector_reports_games_either_way()
    {
        foreach (var episodic in (string[])["true", "false"])
        {
            using var vector = new VectorEnvironment(_ => Make(("episodic_life", episodic), ("clip_rewards", "true")), 2, seed: 4);
            var (frames, finals, rewards) = (new float[2 * Pixels], new float[2 * Pixels], new float[2]);
            var (terminated, truncated, ends) = (new byte[2], new byte[2], 0);
            vector.Reset(frames);
            var games = new List<FinishedEpisode>();
            while (games.Count < 2)
            {
                vector.Step(new float[2], frames, rewards, terminated, truncated, finals);
                ends += terminated.Count(flag => flag != 0);
                games.AddRange(vector.Finished);
            }

            Assert.All(games, game => Assert.InRange(game.Return, -21, -15));
            Assert.All(games, game => Assert.False(game.Truncated));
            Assert.Equal(episodic == "true" ? 6 : 2, ends);
        }
    }

    [Fact]
    public void A_limit_of_frames_cuts_a_game_and_no_step_follows_it_unnoticed()
    {
        using var environment = Make(("max_frames", "400"), ("episodic_life", "false"), ("noop_max", "0"), ("fire_reset", "false"));
        var (random, frame) = (new RandomStream(5), new float[Pixels]);
        for (var game = 0; game < 2; game++)
        {
            environment.Reset(random, frame);
            var steps = 1;
            while (environment.Step([0], frame) is { Terminated: false, Truncated: false })
            {
                steps++;
            }

            Assert.Equal(100, steps);
        }
    }

    [Fact]
    public void A_limit_of_steps_counts_games_and_not_lives()
    {
        using var environment = new TimeLimit(Make(), 1000);
        var (random, frame, steps) = (new RandomStream(6), new float[Pixels], 0);
        environment.Reset(random, frame);
        while (true)
        {
            steps++;
            var result = environment.Step([0], frame);
            if (result.Truncated)
            {
                break;
            }

            if (result.Terminated)
            {
                Assert.True(result.GameGoesOn, "the game ended before its limit");
                environment.Reset(random, frame);
            }
        }

        Assert.Equal(1000, steps);
    }

    [Fact]
    public void Who_resets_in_the_middle_of_a_game_gets_another_one()
    {
        using var environment = Make(("power_cycle", "true"));
        var (first, frame) = (new float[Pixels], new float[Pixels]);
        environment.Reset(new RandomStream(8), first);
        for (var t = 0; t < 300; t++)
        {
            environment.Step([0], frame);
        }

        Assert.NotEqual(first, frame);
        environment.Reset(new RandomStream(8), frame);
        Assert.Equal(first, frame);
    }

    [Fact]
    public void Switched_on_anew_every_game_is_as_the_first()
    {
        using var environment = Make(("power_cycle", "true"));
        float[] First()
        {
            var frame = new float[Pixels];
            environment.Reset(new RandomStream(7), frame);
            while (true)
            {
                var result = environment.Step([0], frame);
                if (result.Terminated && !result.GameGoesOn)
                {
                    return frame;
                }

                if (result.Terminated)
                {
                    environment.Reset(new RandomStream(7), frame);
                }
            }
        }

        Assert.Equal(First(), First());
    }

    [Fact]
    public void Frames_in_colour_are_red_green_and_blue_of_what_grey_frames_show()
    {
        using var grey = Make(("power_cycle", "true"));
        using var colour = Make(("power_cycle", "true"), ("obs_type", "rgb"));
        var space = Assert.IsType<FrameSpace>(colour.ObservationSpace);
        Assert.Equal((84, 84, 4, 3, 12, 3 * Pixels), (space.Height, space.Width, space.Stack, space.Channels, space.Planes, space.Size));
        var (greys, colours) = (new float[Pixels], new float[3 * Pixels]);
        grey.Reset(new RandomStream(2), greys);
        colour.Reset(new RandomStream(2), colours);
        var hues = 0;
        for (var t = 0; t < 100; t++)
        {
            for (var i = 0; i < Pixels; i++)
            {
                var (red, green, blue) = (colours[i], colours[Pixels + i], colours[(2 * Pixels) + i]);
                Assert.InRange(greys[i] - (0.299 * red) - (0.587 * green) - (0.114 * blue), -1.01, 1.01);
                hues += red != green ? 1 : 0;
            }

            grey.Step([t % 6], greys);
            colour.Step([t % 6], colours);
        }

        Assert.True(hues > 0, "all was grey");
    }

    [Fact]
    public void Memory_as_observation_is_the_consoles_after_the_last_frame_and_changes_nothing_else()
    {
        using var frames = Make(("power_cycle", "true"));
        using var memory = (AtariEnvironment)Make(("power_cycle", "true"), ("obs_type", "ram"));
        var space = Assert.IsType<BoxSpace>(memory.ObservationSpace);
        Assert.Equal((128, 0, 255), (space.Size, space.Low.Max(), space.High.Min()));
        var (pixels, bytes, ram) = (new float[Pixels], new float[128], new byte[128]);
        memory.FramePlayed = console => console.Ram.CopyTo(ram);
        frames.Reset(new RandomStream(2), pixels);
        memory.Reset(new RandomStream(2), bytes);
        Assert.Equal(ram.Select(value => (float)value), bytes);
        for (var t = 0; t < 300; t++)
        {
            Assert.Equal(frames.Step([t % 6], pixels), memory.Step([t % 6], bytes));
            Assert.Equal(ram.Select(value => (float)value), bytes);
        }
    }

    [Theory]
    [InlineData("obs_type", "RAM", null)]
    [InlineData("obs_type", "Grayscale", null)]
    [InlineData("obs_type", "color", "'color' is not grayscale, rgb or ram")]
    public void A_kind_of_observation_is_one_of_three_words(string option, string value, string? problem)
    {
        var options = new Dictionary<string, string> { [option] = value };
        var found = EnvironmentRegistry.CheckOptions(EnvironmentRegistry.Find(Name)!, options).ToList();
        Assert.Equal(problem is null ? 0 : 1, found.Count);
        Assert.StartsWith(problem ?? "", found.Count == 0 ? "" : found[0].Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DuelNoFrameskip-v4", 4, 4, 0)]
    [InlineData("DuelNoFrameskip-v0", 4, 4, 0.25)]
    [InlineData("Duel-v4", 2, 4, 0)]
    [InlineData("ALE/Duel-v5", 4, 4, 0.25)]
    public void A_name_brings_its_familys_defaults(string name, int least, int most, double repeat)
    {
        var options = AtariTasks.Read(AtariNames.Parse(name)!.Defaults, new Dictionary<string, string>());
        Assert.Equal((least, most, (float)repeat), (options.LeastFrameSkip, options.MostFrameSkip, options.RepeatActionProbability));
    }

    private static IEnvironment Make(params (string Name, string Value)[] options) =>
        EnvironmentRegistry.Create(Name, options.ToDictionary(option => option.Name, option => option.Value));
}
