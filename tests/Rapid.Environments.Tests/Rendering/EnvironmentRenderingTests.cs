using Rapid.Core;
using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Arcade;
using Rapid.Environments.Atari.Pixels;
using Rapid.Environments.Classic;
using Rapid.Environments.Registry;
using Rapid.Environments.Rendering;

namespace Rapid.Environments.Tests.Rendering;

public sealed class EnvironmentRenderingTests
{
    public static TheoryData<string> Names => [.. EnvironmentRegistry.All.Select(info => info.Name), "DuelNoFrameskip-v4"];

    [Theory, MemberData(nameof(Names))]
    public void Every_environment_can_be_drawn_and_what_it_does_can_be_seen(string name)
    {
        using var environment = new TimeLimit(EnvironmentRegistry.Create(name), 1000);
        var (observation, action) = (new float[environment.ObservationSpace.Size], new float[environment.ActionSpace.Size]);
        var renderable = ((IEnvironment)environment).Renderable;
        Assert.NotNull(renderable);
        Assert.InRange(renderable.StepsPerSecond, 5, 1000);
        var random = new RandomStream(3);
        environment.Reset(random, observation);
        using var renderer = renderable.CreateRenderer(RenderOptions.Of(renderable, 96));
        var before = Picture.Of(renderer);
        Assert.Equal(96, before.Height);
        Assert.InRange(before.Colors, 3, int.MaxValue);
        for (var step = 0; step < 8; step++)
        {
            for (var i = 0; i < action.Length; i++)
            {
                action[i] = environment.ActionSpace is BoxSpace box ? box.High[i] : 1;
            }

            environment.Step(action, observation);
        }

        Assert.NotEqual(before.Rgb, Picture.Of(renderer).Rgb);
    }

    [Fact]
    public void A_game_is_its_screen_at_the_size_asked_for()
    {
        using var game = (AtariEnvironment)EnvironmentRegistry.Create("DuelNoFrameskip-v4");
        ArcadeConsole? console = null;
        game.FramePlayed = played => console = played;
        var observation = new float[game.ObservationSpace.Size];
        game.Reset(new RandomStream(3), observation);
        game.Step([1], observation);
        var expected = new byte[console!.Screen.Length * 3];
        ColorFrames.Convert(console.Screen, console.Palette.Rgb.Span, expected);
        using var exact = game.CreateRenderer(new RenderOptions(ArcadeConsole.Width, console.Height));
        Assert.Equal(expected, Picture.Of(exact).Rgb);

        using var twice = game.CreateRenderer(new RenderOptions(ArcadeConsole.Width * 2, console.Height * 2));
        var (small, large) = (new Picture(expected, ArcadeConsole.Width), Picture.Of(twice));
        Assert.All(Enumerable.Range(0, 100), i => Assert.Equal(small[i, i], large[(2 * i) + 1, 2 * i]));
    }

    [Fact]
    public void Pictures_have_the_shape_that_suits_the_environment_and_even_sides()
    {
        var options = RenderOptions.Of(new CartPole(), 99);
        Assert.Equal((148, 100), (options.Width, options.Height));
    }

    [Fact]
    public void A_cart_and_its_pole_are_where_the_state_says()
    {
        using var environment = new CartPole { State = (1, 0, Math.PI / 2, 0) };
        var picture = Picture.Of((IEnvironment)environment, 330);

        // 100 pixels are a metre; the rail is 220 pixels below the top.
        Assert.Equal((496, 330), (picture.Width, picture.Height));
        Assert.Equal(0xFFFFFFu, picture[10, 10]);
        Assert.Equal(0x20242Cu, picture[330, 225]);
        Assert.Equal(0xC99A66u, picture[440, 220]);
        Assert.Equal(0xFFFFFFu, picture[348, 150]);
        Assert.Equal(0xFFFFFFu, picture[248, 225]);
    }

    [Theory]
    [InlineData(0, 50, 20)]
    [InlineData(Math.PI / 2, 20, 50)]
    [InlineData(Math.PI, 50, 80)]
    [InlineData(-Math.PI / 2, 80, 50)]
    public void A_pendulum_turns_against_the_clock(double angle, int x, int y)
    {
        using var environment = new Pendulum { State = (angle, 0) };
        var picture = Picture.Of((IEnvironment)environment, 100);
        Assert.Equal(0xCC4D4Du, picture[x, y]);
        Assert.Equal(0xFFFFFFu, picture[100 - x + (x == 50 ? 30 : 0), 100 - y]);
    }

    [Theory]
    [InlineData(0, 0, 50, 71, 50, 90)]
    [InlineData(Math.PI / 2, 0, 71, 50, 90, 50)]
    [InlineData(Math.PI / 2, Math.PI / 2, 71, 50, 71, 30)]
    public void An_arm_hangs_at_zero_and_bends_at_its_elbow(double angle1, double angle2, int elbowX, int elbowY, int tipX, int tipY)
    {
        using var environment = new Acrobot { State = (angle1, angle2, 0, 0) };
        var picture = Picture.Of((IEnvironment)environment, 100);
        Assert.Equal(0xE0B020u, picture[50, 50]);
        Assert.Equal(0xE0B020u, picture[elbowX, elbowY]);
        Assert.Equal(0x2AA5A0u, picture[tipX, tipY]);
    }

    [Theory]
    [InlineData(-Math.PI / 6)]
    [InlineData(0.2)]
    public void A_car_stands_on_the_slope_below_the_flag(double position)
    {
        using var environment = new MountainCar { State = (position, 0) };
        var picture = Picture.Of((IEnvironment)environment, 240);

        // 200 pixels are a unit; the car stands on its point of the valley, upright to the slope.
        var (x, y) = ((int)((position + 1.2) * 200), (int)((1.2 - ((0.45 * Math.Sin(3 * position)) + 0.55)) * 200));
        Assert.Equal(0x7FA66Au, picture[x, y + 8]);
        var slope = 1.35 * Math.Cos(3 * position);
        var (up, back) = (10 / Math.Sqrt(1 + (slope * slope)), 10 * slope / Math.Sqrt(1 + (slope * slope)));
        Assert.Equal(0x20242Cu, picture[x - (int)back, y - (int)up]);
        Assert.Equal(0xEAF3FAu, picture[x, y - 40]);
        Assert.Contains(Enumerable.Range(0, 40), dx => picture[(int)(1.7 * 200) + 3, dx] == 0xD9A514);
    }

    [Fact]
    public void Edges_are_as_dark_as_they_cover_their_pixels()
    {
        using var canvas = new Canvas(20, 20);
        canvas.Begin(0x000000, 0, 0, 20);
        canvas.Polygon(0xFFFFFF, (-5, -5), (0.25, -5), (0.25, 5), (-5, 5));
        var picture = new Picture(new byte[20 * 20 * 3], 20);
        canvas.CopyTo(picture.Rgb);
        Assert.Equal(0xFFFFFFu, picture[9, 10]);
        Assert.Equal(64, (int)(picture[10, 10] & 0xFF), 2.0);
        Assert.Equal(0u, picture[11, 10]);
    }

    [Fact]
    public void A_state_that_is_not_finite_draws_what_is_left_of_it()
    {
        using var environment = new Pendulum { State = (double.NaN, 0) };
        Assert.Equal(0x20242Cu, Picture.Of((IEnvironment)environment, 100)[50, 50]);
    }
}
