using System.Security.Cryptography;
using Rapid.Core;
using Rapid.Environments.Atari.Arcade;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;
using Rapid.Environments.Atari.Roms;
using Rapid.Environments.Tests.Atari.Assembly;

namespace Rapid.Environments.Tests.Atari.Duel;

public sealed class DuelTests
{
    private const int Noop = 0, Fire = 1, UpFire = 10, DownFire = 13;

    // Indices into memory, as in duel.asm.
    private const int Mode = 3, Score0 = 4, Score1 = 5, LivesLeft = 6, Top = 7, Length = 10, BallX = 11, BallY = 13, ServeFrames = 20;

    private static readonly GameDescription Game = GameTable.Find("duel")!;

    [Fact]
    public void The_cartridge_is_what_its_source_assembles_to()
    {
        static string Source(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "duel", name));
        var image = Assembler.Assemble(Source("duel.asm"), Source).Image;
        var made = Path.Combine(AppContext.BaseDirectory, "duel.bin");
        File.WriteAllBytes(made, image);
        Assert.True(image.AsSpan().SequenceEqual(BuiltInRoms.Read("duel")), $"copy {made} to src/Rapid.Environments.Atari/Duel");
        Assert.Equal(4096, image.Length);
#pragma warning disable CA5351 // cartridges are known by their MD5
        Assert.Equal(Game.Md5, Convert.ToHexStringLower(MD5.HashData(image)));
#pragma warning restore CA5351
    }

    [Fact]
    public void Every_frame_has_262_lines_whatever_is_pressed()
    {
        var machine = new Atari2600(BuiltInRoms.Read("duel"), Game.Properties);
        var random = new RandomStream(3);
        var input = ConsoleInput.Idle;
        var modes = new HashSet<byte>();
        for (var frame = 0; frame < 6000; frame++)
        {
            if (frame % 7 == 0)
            {
                input.PortA = (byte)~(1 << random.NextIndex(8));
                input.Fire = (byte)random.NextIndex(2);
                input.Switches = (byte)(frame % 2000 < 20 ? 0x3E : frame % 2500 < 15 ? 0x3D : random.NextIndex(2) == 0 ? 0x3F : 0x7F);
            }

            machine.RunFrame(input);
            modes.Add(machine.Ram[Mode]);
            if (frame > 2)
            {
                Assert.Equal((frame, 262), (frame, machine.Graphics.Registers.LinesOfLastFrame));
            }
        }

        Assert.Equal(2, modes.Count);
    }

    [Fact]
    public void Walls_bats_ball_and_centre_line_are_where_memory_says()
    {
        // A frame shows what memory was before it: the game goes on below the picture.
        var console = Console(frameSkip: 1);
        var memory = Array.Empty<byte>();
        for (var step = 0; step < 80; step++)
        {
            memory = console.Ram.ToArray();
            console.Act(step < 20 ? Fire : DownFire);
        }

        const int firstLine = 29, green = 0xC8, orange = 0x38, white = 0x0E, gray = 0x08, blue = 0x90; // of the court
        Assert.Equal([], Columns(console, firstLine - 6, gray));
        Assert.Equal(Enumerable.Range(0, 160), Columns(console, firstLine - 5, gray));
        Assert.Equal(Enumerable.Range(0, 160), Columns(console, firstLine - 2, gray));
        Assert.Equal(Enumerable.Range(0, 160), Columns(console, firstLine + 161, gray));
        Assert.Equal(Enumerable.Range(0, 160), Columns(console, firstLine + 164, gray));
        int top = memory[Top], opponent = memory[Top + 1], ballX = memory[BallX], ballY = memory[BallY];
        Assert.InRange(ballX, 100, 130);
        for (var line = 0; line < 160; line++)
        {
            List<int> left = line >= top && line < top + 24 ? [16, 17, 18, 19] : [];
            List<int> centre = ((160 - line) >> 2 & 2) != 0 ? [79, 80] : [];
            Assert.Equal(
                (line, string.Join(' ', left.Concat(centre))), (line, string.Join(' ', Columns(console, firstLine + line, green))));
            List<int> right = line >= opponent && line < opponent + 24 ? [140, 141, 142, 143] : [];
            Assert.Equal((line, string.Join(' ', right)), (line, string.Join(' ', Columns(console, firstLine + line, orange))));
            var ball = line >= ballY && line < ballY + 5 ? Enumerable.Range(ballX, 4) : [];
            Assert.Equal((line, string.Join(' ', ball)), (line, string.Join(' ', Columns(console, firstLine + line, white))));
            Assert.Equal(160 - left.Count - centre.Count - right.Count - ball.Count(), Columns(console, firstLine + line, blue).Count());
        }
    }

    [Fact]
    public void A_random_player_loses_clearly()
    {
        var random = new RandomStream(11);
        var margins = Enumerable.Range(0, 3).Select(game => Play(Console(), game * 3, _ => Any(random)).Margin).ToList();
        Assert.InRange(margins.Average(), -21, -17);
    }

    [Fact]
    public void Following_the_ball_wins_in_every_mode()
    {
        foreach (var (mode, difficulty) in ((int, int)[])[(0, 0), (0, 1), (1, 0)])
        {
            var console = Console(mode, difficulty);
            var game = Play(console, 5, Follow);
            Assert.Equal((mode, difficulty == 0 ? 24 : 16), (console.Ram[Mode], console.Ram[Length]));
            Assert.InRange(game.Margin, 18, 21);
            Assert.Equal((game.Margin, 21, true), (game.Rewards, console.Ram[Score0], console.IsTerminal));
        }
    }

    [Theory]
    [InlineData(0, 12)] // three quarters of a line a frame
    [InlineData(1, 15)]
    public void The_opponent_of_mode_1_is_faster(int mode, int expected)
    {
        var console = Console(mode);
        var moved = 0;
        for (var window = 0; window < 60; window++)
        {
            int before = console.Ram[Top + 1];
            for (var step = 0; step < 4; step++)
            {
                console.Act(Follow(console.Ram.ToArray()));
            }

            moved = Math.Max(moved, Math.Abs(console.Ram[Top + 1] - before));
        }

        Assert.InRange(moved, expected, expected + 1);
    }

    [Fact]
    public void Every_seventh_point_conceded_costs_a_life_and_the_last_one_the_game()
    {
        var console = Console();
        int conceded = 0, rewards = 0;
        while (!console.IsTerminal)
        {
            var reward = console.Act(Noop);
            rewards += reward;
            conceded += reward < 0 ? 1 : 0;
            Assert.Equal(3 - conceded / 7, console.Lives);
            Assert.Equal(conceded == 21, console.IsTerminal);
        }

        Assert.Equal((-21, 0), (rewards, console.Lives));
        Assert.Equal(0, console.Act(Fire));
        console.ResetGame();
        Assert.Equal((false, 3, 0, 0), (console.IsTerminal, console.Lives, console.Ram[Score0], console.Ram[Score1]));
    }

    [Fact]
    public void The_ball_is_served_by_the_button_or_by_itself_after_two_seconds()
    {
        var console = Console(frameSkip: 1);
        console.Act(Noop);
        Assert.Equal(20, console.Ram[BallX]);
        console.Act(Fire);
        console.Act(Noop);
        Assert.Equal((21, 0), (console.Ram[BallX], console.Ram[ServeFrames]));

        console.ResetGame();
        var frames = 0;
        for (; console.Ram[BallX] == 20; frames++)
        {
            console.Act(Noop);
        }

        Assert.InRange(frames, 118, 122);
    }

    [Fact]
    public void Equal_actions_make_equal_games()
    {
        static byte[] Trace()
        {
            var console = Console();
            var random = new RandomStream(5);
            using var bytes = new MemoryStream();
            for (var step = 0; step < 300; step++)
            {
                console.Act(Any(random));
                bytes.Write(console.Ram);
                bytes.Write(console.Screen);
            }

            return SHA256.HashData(bytes.ToArray());
        }

        Assert.Equal(Trace(), Trace());
    }

    [Fact]
    public void A_saved_game_goes_on_as_it_did()
    {
        var console = Console();
        for (var step = 0; console.Ram[Score1] < 8; step++)
        {
            console.Act(Noop);
        }

        var state = console.Save();
        var lives = console.Lives;
        var first = Play(console, 0, _ => Noop);
        console.Restore(state);
        Assert.Equal((lives, false), (console.Lives, console.IsTerminal));
        Assert.Equal(first, Play(console, 0, _ => Noop));
        Assert.Equal(-13, first.Rewards);
    }

    [Fact]
    public void Serves_differ_with_the_time_of_the_serve_and_from_game_to_game()
    {
        static int Serve(ArcadeConsole console, int wait)
        {
            for (var frame = 0; frame < wait + 60; frame++)
            {
                console.Act(frame < wait ? Noop : Fire);
            }

            return console.Ram[BallY];
        }

        Assert.True(Enumerable.Range(0, 8).Select(wait => Serve(Console(frameSkip: 1), wait)).Distinct().Count() > 4);
        var console = Console(frameSkip: 1);
        Assert.True(Enumerable.Range(0, 8).Select(_ =>
        {
            console.ResetGame();
            return Serve(console, 0);
        }).Distinct().Count() > 4);
    }

    [Fact]
    public void A_mode_or_difficulty_that_does_not_exist_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Console(mode: 2));
        Assert.Throws<ArgumentException>(() => Console(difficulty: 2));
    }

    private static ArcadeConsole Console(int mode = 0, int difficulty = 0, int frameSkip = 4) => new(
        BuiltInRoms.Read("duel"), Game,
        new ArcadeSettings { FrameSkip = frameSkip, RepeatActionProbability = 0, Mode = mode, Difficulty = difficulty });

    private static (int Margin, int Rewards) Play(ArcadeConsole console, int wait, Func<byte[], int> policy)
    {
        int rewards = 0, steps = 0;
        console.DrawsFrames = false;
        while (!console.IsTerminal && steps < 20000)
        {
            rewards += console.Act(steps++ < wait ? Noop : policy(console.Ram.ToArray()));
        }

        return (console.Ram[Score0] - console.Ram[Score1], rewards);
    }

    private static int Any(RandomStream random) => Game.MinimalActions[random.NextIndex(6)];

    private static int Follow(byte[] memory)
    {
        var middle = memory[Top] + memory[Length] / 2 - memory[BallY] - 2;
        return middle > 3 ? UpFire : middle < -3 ? DownFire : Fire;
    }

    private static IEnumerable<int> Columns(ArcadeConsole console, int line, int color)
    {
        var row = console.Screen.Slice(line * 160, 160).ToArray();
        return Enumerable.Range(0, 160).Where(x => row[x] == color);
    }
}
