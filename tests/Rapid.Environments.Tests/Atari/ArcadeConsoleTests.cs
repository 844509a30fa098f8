using FsCheck;
using FsCheck.Fluent;
using Rapid.Environments.Atari.Arcade;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine.Cartridges;

namespace Rapid.Environments.Tests.Atari;

public sealed class ArcadeConsoleTests
{
    // SWCHA, SWCHB and INPT4, INPT5 to $80..$83 in every frame.
    static readonly byte[] Ports = TinyRom.Frames(
        [], [0xAD, 0x80, 0x02, 0x85, 0x80, 0xAD, 0x82, 0x02, 0x85, 0x81, 0xA5, 0x3C, 0x85, 0x82, 0xA5, 0x3D, 0x85, 0x83]);

    static readonly string[] Stress =
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "golden", "atari", "roms"), "stress-*.bin").Order()];

    static ArcadeSettings Exact { get; } = new() { RepeatActionProbability = 0 };

    [Fact]
    public void Every_action_presses_its_directions_and_button()
    {
        // Up, down, left, right of the left stick are bits 4..7, low when pressed.
        byte[] expected =
            [0xFF, 0xFF, 0xEF, 0x7F, 0xBF, 0xDF, 0x6F, 0xAF, 0x5F, 0x9F, 0xEF, 0x7F, 0xBF, 0xDF, 0x6F, 0xAF, 0x5F, 0x9F];
        var console = new ArcadeConsole(Ports, GameTable.Unknown(""), Exact);
        for (var action = 0; action < 18; action++)
        {
            Play(console, action);
            Assert.Equal(expected[action], console.Ram[0]);
            Assert.Equal(action is 1 or >= 10 ? 0 : 0x80, console.Ram[2] & 0x80);
            Assert.Equal(0x80, console.Ram[3] & 0x80);
        }
    }

    [Fact]
    public void With_swapped_ports_the_right_stick_is_the_players()
    {
        var game = GameTable.Unknown("") with { Properties = new ConsoleProperties { SwapPorts = true } };
        var console = new ArcadeConsole(Ports, game, Exact);
        Play(console, 15);
        Assert.Equal([0xFA, 0x80, 0x00], [console.Ram[0], console.Ram[2] & 0x80, console.Ram[3] & 0x80]);
    }

    [Fact]
    public void Actions_that_the_game_does_not_take_count_as_nothing()
    {
        var console = new ArcadeConsole(Ports, GameTable.Unknown("") with { LegalActions = [0, 2] }, Exact);
        Play(console, 3);
        Assert.Equal(0xFF, console.Ram[0]);
        Play(console, 2);
        Assert.Equal(0xEF, console.Ram[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => console.Act(18));
    }

    [Theory]
    [InlineData(0, 0x3F)]
    [InlineData(1, 0x7F)]
    [InlineData(2, 0xBF)]
    [InlineData(3, 0xFF)]
    public void The_difficulty_is_on_the_switches(int difficulty, int switches)
    {
        var game = GameTable.Unknown("") with { Difficulties = [0, 1, 2, 3] };
        var console = new ArcadeConsole(Ports, game, Exact with { Difficulty = difficulty });
        Play(console, 0);
        Assert.Equal(switches, console.Ram[1]);
        console.Difficulty = 0;
        Play(console, 0);
        Assert.Equal(0x3F, console.Ram[1]);
    }

    [Fact]
    public void Starting_actions_and_RESET_are_played_without_counting()
    {
        // Counts frames in which RESET is down in $84, and those in which only FIRE is in $85; both begin at 0.
        var rom = TinyRom.Frames(
            [0xA9, 0x00, 0x85, 0x84, 0x85, 0x85],
            [0xAD, 0x82, 0x02, 0x4A, 0xB0, 0x02, 0xE6, 0x84, 0xA5, 0x3C, 0x30, 0x02, 0xE6, 0x85]);
        var game = GameTable.Unknown("") with { StartingActions = [new(1, 3), new(ArcadeConsole.ResetAction, 2), new(0, 1)] };
        var console = new ArcadeConsole(rom, game, Exact);
        Assert.Equal([4 + 4 + 2, 3], [console.Ram[4], console.Ram[5]]);
        Assert.Equal(0, console.EpisodeFrames);
    }

    [Fact]
    public void A_stick_in_polar_coordinates_is_the_action_it_points_to()
    {
        var discrete = new ArcadeConsole(Ports, GameTable.Unknown(""), Exact);
        var continuous = new ArcadeConsole(Ports, GameTable.Unknown(""), Exact);
        (float Radius, float Angle, float Fire, int Action)[] cases =
        [
            (0, 0, 0, 0), (0.4f, 1, 1, 1), (1, MathF.PI / 2, 0, 2), (1, 0, 0.2f, 3), (0.6f, MathF.PI, 0.9f, 12), (1, -MathF.PI / 2, 0, 5),
            (1, MathF.PI / 4, 0, 6), (1, MathF.PI * 3 / 4, 1, 15), (1, -MathF.PI / 4, 1, 16), (1, -MathF.PI * 3 / 4, 0, 9),
        ];
        foreach (var (radius, angle, fire, action) in cases)
        {
            Play(discrete, action);
            continuous.Act(radius, angle, fire);
            continuous.Act(radius, angle, fire);
            Assert.Equal(discrete.Ram[..4], continuous.Ram[..4]);
        }
    }

    [Fact]
    public void A_paddle_turns_by_the_strength_of_the_action_between_its_limits()
    {
        // $84: lines until the first paddle is charged.
        byte[] code =
        [
            0xA9, 0x82, 0x85, 0x01, 0x85, 0x02, 0xA9, 0x02, 0x85, 0x01, 0xA0, 0x00, 0x85, 0x02, 0xA5, 0x08, 0x30, 0x05, 0xC8, 0xC0, 0xFA,
            0x90, 0xF5, 0x84, 0x84, 0xAD, 0x80, 0x02, 0x85, 0x80,
        ];
        var game = GameTable.Unknown("") with { Properties = new ConsoleProperties { Left = Controller.Paddles } };
        var console = new ArcadeConsole(TinyRom.Frames([], code), game, Exact);
        int Line(double ohms) => (int)(1.6 * ohms * 1e-8 * 1.19e6 / 76);
        int Lines(int action, float strength)
        {
            console.Act(action, strength);
            return console.Ram[4];
        }

        // (27450 + 790196) / 2 in the middle; a frame turns by 23000.
        Lines(0, 1);
        Assert.InRange(Lines(0, 1), Line(408823) - 1, Line(408823) + 1);
        Lines(4, 1);
        Lines(4, 0.5f);
        Assert.InRange(Lines(0, 1), Line(408823 + 23000 + 11500) - 1, Line(408823 + 23000 + 11500) + 1);
        Lines(3, 1);
        Assert.InRange(Lines(0, 1), Line(408823 + 11500) - 1, Line(408823 + 11500) + 1);
        for (var i = 0; i < 60; i++)
        {
            Lines(3, 1);
        }

        Assert.InRange(Lines(1, 1), Line(27450) - 1, Line(27450) + 1);
        Assert.Equal(0x7F, console.Ram[0]);
    }

    [Fact]
    public void Sticky_actions_come_from_the_environments_generator_two_draws_a_frame()
    {
        var console = new ArcadeConsole(Ports, GameTable.Unknown(""), new ArcadeSettings { RandomSeed = 11 });
        var random = new MersenneTwister(11);
        var shown = 0;
        for (var i = 0; i < 200; i++)
        {
            var action = 2 + (i % 4);
            shown = random.NextDouble() >= 0.25 ? action : shown;
            random.Next();
            console.Act(action);
            Assert.Equal((byte)~(shown switch { 2 => 0x10, 3 => 0x80, 4 => 0x40, 5 => 0x20, _ => 0 }), console.Ram[0]);
        }
    }

    [Fact]
    public void An_episode_is_cut_off_after_its_limit_and_then_stands_still()
    {
        var console = new ArcadeConsole(Ports, GameTable.Unknown(""), Exact with { MaxEpisodeFrames = 6, FrameSkip = 4 });
        console.Act(2);
        Assert.False(console.IsTruncated);
        console.Act(2);
        Assert.Equal((true, 6, 6), (console.IsTruncated, console.EpisodeFrames, console.Frames));
        console.Act(3);
        Assert.Equal((6, 0xEF), (console.EpisodeFrames, console.Ram[0]));
        console.ResetGame();
        Assert.Equal((false, 0, 6), (console.IsTruncated, console.EpisodeFrames, console.Frames));
    }

    [Fact]
    public void Rewards_of_skipped_frames_add_up_within_limits_and_a_lost_life_can_end_the_episode()
    {
        var game = GameTable.Unknown("") with { CreateRules = () => new CountingRules() };
        Assert.Equal(8, new ArcadeConsole(Ports, game, Exact with { FrameSkip = 4 }).Act(0));
        Assert.Equal(1, new ArcadeConsole(Ports, game, Exact with { FrameSkip = 4, RewardMax = 1 }).Act(0));
        var console = new ArcadeConsole(Ports, game, Exact with { TruncateOnLifeLoss = true });
        for (var i = 0; i < 9; i++)
        {
            Assert.False(console.IsTruncated);
            console.Act(0);
        }

        Assert.Equal((true, false, 2), (console.IsTruncated, console.IsTerminal, console.Lives));
        Assert.Equal(0, console.Act(0));
    }

    [Fact]
    public void Palettes_hold_the_colours_that_the_reference_shows()
    {
        static uint Sum(ArcadePalette palette) => ArcadeTrace.Crc(
            [.. palette.Rgb.ToArray().Where((_, i) => i % 2 == 0).SelectMany(c => (byte[])[(byte)(c >> 16), (byte)(c >> 8), (byte)c])]);
        Assert.Equal((0x9D42A294u, 0xED19D6FAu), (Sum(ArcadePalette.Ntsc), Sum(ArcadePalette.Pal)));

        // SECAM knows eight colours: the lowest bit of luminance is blue, then come red and green.
        uint[] secam = [0x000000, 0x2121FF, 0xF03C79, 0xFF50FF, 0x7FFF00, 0x7FFFFF, 0xFFFF3F, 0xFFFFFF];
        for (var index = 0; index < 256; index += 2)
        {
            Assert.Equal(secam[index / 2 % 8], ArcadePalette.Secam.Rgb.Span[index]);
        }
    }

    [Fact]
    public void Averaged_colours_are_the_nearest_of_the_palette()
    {
        // White and black alternate: 77 hundredths of 0xEC are 181, taken as 180; the nearest grey of the palette is 0xAA.
        var rom = TinyRom.Frames([0xA0, 0x00], [0x98, 0x49, 0x0E, 0xA8, 0x85, 0x09]);
        var console = new ArcadeConsole(rom, GameTable.Unknown(""), Exact with { ColorAveraging = true });
        console.Act(0);
        Assert.All(console.Screen[..160].ToArray(), pixel => Assert.Equal(0x08, pixel));
        Assert.Equal((0x1A, 0x1A), (ArcadePalette.Ntsc.Average(0x1A, 0x1A), ArcadePalette.Pal.Average(0x3A, 0x3A) - 0x20));
    }

    [Fact]
    public void Settings_that_cannot_be_are_refused_with_what_is_allowed()
    {
        (ArcadeSettings Settings, string Message)[] cases =
        [
            (new() { FrameSkip = 0 }, "frame_skip: 0"),
            (new() { RepeatActionProbability = 1.5f }, "repeat_action_probability: 1.5 is out of range [0, 1]"),
            (new() { RepeatActionProbability = float.NaN }, "repeat_action_probability: NaN"),
            (new() { MaxEpisodeFrames = -1 }, "max_episode_frames: -1"),
            (new() { Mode = 3 }, "mode: 3 is unknown to this game; allowed: 0"),
            (new() { Difficulty = 1 }, "difficulty: 1 is unknown to this game; allowed: 0"),
            (new() { RewardMin = 2, RewardMax = 1 }, "reward_min: 2 is above reward_max, which is 1"),
            (new() { PaddleMin = 5, PaddleMax = 4 }, "paddle_min: 5 ohms is out of range; allowed: 0 to paddle_max, which is 4"),
        ];
        foreach (var (settings, message) in cases)
        {
            var error = Assert.Throws<ArgumentException>(() => new ArcadeConsole(Ports, GameTable.Unknown(""), settings));
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Saving_and_restoring_at_any_frame_of_any_program_changes_nothing()
    {
        var cases = from rom in Gen.Elements(Stress)
                    from frames in Gen.Choose(0, 40)
                    from later in Gen.Choose(1, 6)
                    from draws in Gen.Elements(true, false)
                    select (rom, frames, later, draws);
        Prop.ForAll(cases.ToArbitrary(), item =>
        {
            var (rom, frames, later, draws) = item;
            var (saved, twin) = (NewConsole(rom), NewConsole(rom));
            saved.DrawsFrames = draws;
            for (var i = 0; i < frames + later; i++)
            {
                if (i == frames)
                {
                    saved.Restore(saved.Save(withRandom: true));
                }

                saved.Act(i % 18);
                twin.Act(i % 18);
            }

            return saved.Ram.SequenceEqual(twin.Ram) && saved.Screen.SequenceEqual(twin.Screen);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void A_restored_game_goes_on_as_it_did_also_with_sticky_actions()
    {
        var rom = Stress.First(path => path.Contains("stress-cpu-1", StringComparison.Ordinal));
        var console = new ArcadeConsole(File.ReadAllBytes(rom), GameTable.Unknown(""), new ArcadeSettings { RandomSeed = 5 });
        Play(console, 3);
        var state = console.Save(withRandom: true);
        var first = Memories(console, 30);
        console.ResetGame();
        console.Restore(state);
        Assert.Equal(2, console.EpisodeFrames);
        Assert.Equal(first, Memories(console, 30));
    }

    [Fact]
    public void A_state_of_another_cartridge_is_refused()
    {
        var state = NewConsole(Stress[0]).Save();
        var error = Assert.Throws<ArgumentException>(() => NewConsole(Stress[1]).Restore(state));
        Assert.Contains("another cartridge", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consoles_in_several_threads_play_as_they_do_alone()
    {
        var roms = Stress.Take(4).ToArray();
        var alone = roms.Select(rom => Hash(rom)).ToArray();
        var together = await Task.WhenAll(roms.Select(rom => Task.Run(() => Hash(rom))));
        Assert.Equal(alone, together);
    }

    static ArcadeConsole NewConsole(string rom) => new(File.ReadAllBytes(rom), GameTable.Unknown(""), Exact);

    // Two frames: a program reads its ports after the first one's end.
    static void Play(ArcadeConsole console, int action)
    {
        console.Act(action);
        console.Act(action);
    }

    static List<uint> Memories(ArcadeConsole console, int frames)
    {
        var memories = new List<uint>();
        for (var i = 0; i < frames; i++)
        {
            console.Act(i % 18);
            memories.Add(ArcadeTrace.Crc(console.Ram));
        }

        return memories;
    }

    static uint Hash(string rom)
    {
        var console = NewConsole(rom);
        var hash = 0u;
        for (var i = 0; i < 60; i++)
        {
            console.Act(i % 18);
            hash = (hash * 31) + (ArcadeTrace.Crc(console.Screen) ^ ArcadeTrace.Crc(console.Ram));
        }

        return hash;
    }

    /// <summary>Two points a frame; a life is lost after every ninth.</summary>
    sealed class CountingRules : GameRules
    {
        int _frames;

        public CountingRules() => Lives = 3;

        public override int StateSize => 1;

        public override void Reset(IGameMemory memory) => (_frames, Lives) = (-4, 3);

        public override void Step(IGameMemory memory)
        {
            _frames++;
            Reward = 2;
            Lives = 3 - (Math.Max(0, _frames) / 9);
        }

        public override void SelectMode(int mode, IGameControls controls)
        {
        }

        public override void Save(Span<int> state) => state[0] = _frames;

        public override void Restore(ReadOnlySpan<int> state) => _frames = state[0];
    }
}
