using Rapid.Core;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests;

public sealed class NumberReaderTests
{
    [Theory]
    [InlineData("0.1", 0.1)]
    [InlineData(" -.25 ", -0.25)]
    [InlineData("+4.", 4.0)]
    [InlineData("1e5", 100_000.0)]
    [InlineData("1.5E-3", 0.0015)]
    [InlineData("108_000", 108_000.0)]
    public void A_number_is_read_as_it_is_written(string text, double expected)
    {
        Assert.True(NumberReader.TryReadReal(text, out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("0,1")]
    [InlineData("-0,25")]
    [InlineData("1,000")]
    [InlineData("1.000,5")]
    [InlineData("1 000")]
    [InlineData("1'000")]
    [InlineData("_1")]
    [InlineData("1_")]
    [InlineData("1__0")]
    [InlineData("1_.5")]
    [InlineData("1e1_0")]
    [InlineData("1e")]
    [InlineData(".")]
    [InlineData("- 1")]
    [InlineData("(1)")]
    [InlineData("0x10")]
    [InlineData("1e999")]
    [InlineData("nan")]
    [InlineData("Infinity")]
    [InlineData("½")]
    [InlineData("٣")]
    [InlineData("")]
    public void What_is_not_clearly_one_number_is_none(string text)
    {
        Assert.False(NumberReader.TryReadReal(text, out _));
        Assert.False(NumberReader.TryReadWhole(text, out _));
    }

    [Theory]
    [InlineData("1e5", 100_000)]
    [InlineData("108_000", 108_000)]
    [InlineData("4.0", 4)]
    [InlineData("-2.50e1", -25)]
    [InlineData("4.5", null)]
    [InlineData("1e-40", null)]
    [InlineData("1e40", null)]
    public void A_whole_number_may_be_written_in_any_way_that_a_number_is(string text, int? expected)
    {
        Assert.Equal(expected is not null, NumberReader.TryReadWhole(text, out var value));
        Assert.Equal(expected ?? value, value);
    }

    [Theory]
    [InlineData("ALE/Pong-v5", "repeat_action_probability", "0,1", "the decimal sign is a point: 0.1")]
    [InlineData("ALE/Pong-v5", "max_frames", "108,000", "is not a whole number")]
    [InlineData("Pendulum-v1", "g", "9,81", "the decimal sign is a point: 9.81")]
    [InlineData("Hopper-v4", "forward_reward_weight", "-0,25", "'-0,25' is not a number")]
    [InlineData("Hopper-v4", "healthy_z_range", "0,2", "is not two numbers, low and high")]
    [InlineData("Hopper-v4", "healthy_z_range", "0,2 1,5", "is not two numbers, low and high")]
    [InlineData("Hopper-v4", "healthy_z_range", "(0,2, 1,5)", "is not two numbers, low and high")]
    [InlineData("Hopper-v4", "healthy_z_range", "(0.2 1", "is not two numbers, low and high")]
    [InlineData("Hopper-v4", "healthy_z_range", "(0.2 1]", "is not two numbers, low and high")]
    [InlineData("dm.hopper.hop", "speed", "1,5", "the decimal sign is a point: 1.5")]
    public void A_decimal_comma_in_an_option_is_refused(string name, string option, string value, string part)
    {
        var info = EnvironmentRegistry.Find(name)!;
        var problem = Assert.Single(EnvironmentRegistry.CheckOptions(info, new Dictionary<string, string> { [option] = value }));
        Assert.Equal(option, problem.Option);
        Assert.Contains(part, problem.Problem, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => EnvironmentRegistry.Create(name, new Dictionary<string, string> { [option] = value }));
    }

    [Theory]
    [InlineData("CartPole-v1", "sutton_barto_reward", "True")]
    [InlineData("Hopper-v4", "frame_skip", "4.0")]
    [InlineData("Hopper-v5", "terminate_when_unhealthy", "FALSE")]
    [InlineData("Hopper-v4", "healthy_z_range", "[0,2]")]
    [InlineData("Hopper-v4", "healthy_z_range", "0.7, inf")]
    [InlineData("duel", "frame_skip", "4.0")]
    [InlineData("duel", "max_frames", "108_000")]
    [InlineData("duel", "noop_max", "1e1")]
    [InlineData("duel", "episodic_life", "True")]
    [InlineData("dm.hopper.hop", "speed", "1_0e-1")]
    public void Every_family_takes_the_same_ways_to_write_a_value(string name, string option, string value)
    {
        var options = new Dictionary<string, string> { [option] = value };
        name = name == "duel" ? "DuelNoFrameskip-v4" : name;
        Assert.Empty(EnvironmentRegistry.CheckOptions(EnvironmentRegistry.Find(name)!, options));
        EnvironmentRegistry.Create(name, options).Dispose();
    }

    [Fact]
    public void Who_makes_an_environment_gets_numbers_in_the_plainest_form()
    {
        var info = new EnvironmentInfo("x", "plug-in", 1, null, "", new Dictionary<string, string>
        {
            ["length"] = "a whole number of steps, 1 to 40 (10)",
            ["speed"] = "metres a second",
            ["slippery"] = "true or false",
            ["range"] = "two numbers, low and high",
            ["map"] = "a path: the maze",
        });
        var options = OptionText.Normalize(info, new Dictionary<string, string>
        {
            ["length"] = "1e1",
            ["speed"] = "1_000.50",
            ["slippery"] = "TRUE",
            ["range"] = "[-inf,2.0]",
            ["map"] = "1e1",
        });
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["length"] = "10",
                ["speed"] = "1000.5",
                ["slippery"] = "true",
                ["range"] = "-inf 2",
                ["map"] = "1e1",
            },
            options);
    }

    [Fact]
    public void Descriptions_of_games_take_the_same_numbers()
    {
        var game = GameTable.Parse("{ modes: '0 1_0 2e1', rules: { over: 0 }, console: { height: 210.0 } }", "game", "game.yaml");
        Assert.Equal([0, 10, 20], game.Modes);
        Assert.Equal(210, game.Properties.Height);
        Assert.Throws<GameFormatException>(() => GameTable.Parse("{ rules: { over: 0 }, console: { height: '210,5' } }", "g", "g.yaml"));
    }
}
