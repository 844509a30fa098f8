using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;

namespace Rapid.Environments.Tests.Atari;

public sealed class AtariNameTests
{
    [Theory]
    [InlineData("ALE/Pong-v5", "pong", 4, 4, 0.25f)]
    [InlineData("Pong-v0", "pong", 2, 4, 0.25f)]
    [InlineData("Pong-v4", "pong", 2, 4, 0f)]
    [InlineData("PongNoFrameskip-v0", "pong", 1, 1, 0.25f)]
    [InlineData("PongNoFrameskip-v4", "pong", 1, 1, 0f)]
    [InlineData("ALE/TicTacToe3D-v5", "tic_tac_toe_3d", 4, 4, 0.25f)]
    [InlineData("ALE/Atlantis2-v5", "atlantis2", 4, 4, 0.25f)]
    [InlineData("UpNDownNoFrameskip-v4", "up_n_down", 1, 1, 0f)]
    [InlineData("ALE/Et-v5", "et", 4, 4, 0.25f)]
    [InlineData("JamesbondNoFrameskip-v4", "jamesbond", 1, 1, 0f)]
    public void A_name_says_the_game_and_its_defaults(string name, string game, int least, int most, float repeat) =>
        Assert.Equal(new AtariName(name, game, new(least, most, repeat, false, 108_000)), AtariNames.Parse(name));

    [Theory]
    [InlineData("pong")]
    [InlineData("Pong-v5")]
    [InlineData("ALE/Pong-v4")]
    [InlineData("PongDeterministic-v4")]
    [InlineData("Pong-ram-v4")]
    [InlineData("Tetris-v4")]
    [InlineData("TetrisNoFrameskip-v4")]
    [InlineData("ALE/pong-v5")]
    [InlineData("ALE/Combat-v5")]
    [InlineData("")]
    public void Other_names_are_none(string name) => Assert.Null(AtariNames.Parse(name));

    [Fact]
    public void Every_game_has_one_new_name_and_sixty_two_have_four_old_ones()
    {
        var families = AtariNames.All.ToLookup(name => name.Name.StartsWith("ALE/", StringComparison.Ordinal));
        Assert.Equal(GameTable.Ids, families[true].Select(name => name.Game));
        var old = families[false].Where(name => !BuiltInRoms.Resources.ContainsKey(name.Game)).ToList();
        Assert.Equal(62, old.Select(name => name.Game).Distinct().Count());
        Assert.Equal(4 * 62, old.Count);
    }

    [Fact]
    public void The_registry_s_facts_fit_the_family()
    {
        var info = AtariNames.Find("ALE/SpaceInvaders-v5")!;
        Assert.Equal(("atari", 27_000, false), (info.Family, info.MaxEpisodeSteps, info.IsMuJoCo));
        Assert.Equal("Space Invaders on the Atari 2600", info.Summary);
        Assert.Equal(27_000, AtariNames.Find("SpaceInvadersNoFrameskip-v4")!.MaxEpisodeSteps);
        Assert.Equal(54_000, AtariNames.Find("SpaceInvaders-v4")!.MaxEpisodeSteps);
        Assert.Null(AtariNames.Find("CartPole-v1"));
    }

    // (score - random) / (human - random), by hand.
    [Theory]
    [InlineData("pong", -20.7, 0)]
    [InlineData("pong", 14.6, 1)]
    [InlineData("breakout", 401.2, 13.87152778)]
    [InlineData("boxing", 6.1, 0.5)]
    [InlineData("skiing", -4336.9, 1)]
    [InlineData("venture", 593.75, 0.5)]
    [InlineData("double_dunk", -20.8, -1)]
    public void Scores_are_normalised_between_random_and_human(string game, double score, double expected) =>
        Assert.Equal(expected, HumanScores.HumanNormalised(game, score)!.Value, 8);

    [Fact]
    public void Fifty_seven_games_have_reference_scores()
    {
        Assert.Equal(57, HumanScores.Games.Count);
        Assert.All(HumanScores.Games, game => Assert.Contains(game, GameTable.Ids));
        Assert.All(HumanScores.Games, game => Assert.True(HumanScores.Of(game)!.Value.Human > HumanScores.Of(game)!.Value.Random));
        Assert.Null(HumanScores.HumanNormalised("tetris", 100));
    }
}
