using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;

namespace Rapid.Environments.Tests.Atari;

public sealed class GameLanguageTests
{
    [Theory]
    [InlineData("1 + 2 * 3", 7)]
    [InlineData("(1 + 2) * 3", 9)]
    [InlineData("10 - 3 - 2", 5)]
    [InlineData("-7 / 2", -3)]
    [InlineData("-7 % 4", -3)]
    [InlineData("$80 / 0", 0)]
    [InlineData("$80 % 0", 0)]
    [InlineData("(-2147483647 - 1) / -1", -2147483648)]
    [InlineData("$80 & 15 == 2", 1)]
    [InlineData("$80 >> 4", 1)]
    [InlineData("1 << 4 | 1", 17)]
    [InlineData("6 ^ 3", 5)]
    [InlineData("not 0 and not $80 == 3", 1)]
    [InlineData("1 or 0 and 0", 1)]
    [InlineData("--3", 3)]
    [InlineData("+3 - +-1", 4)]
    [InlineData("0x1F", 31)]
    [InlineData("hi($80) * 10 + lo($80)", 12)]
    [InlineData("bcd($80)", 12)]
    [InlineData("bcd($80, $81, $82)", 563412)]
    [InlineData("bcd($80, $F0B4)", 9812)]
    [InlineData("s8($83)", -2)]
    [InlineData("u8($80 - 0x13)", 255)]
    [InlineData("abs(-5)", 5)]
    [InlineData("min(3, 4) + max(3, 4)", 7)]
    [InlineData("bit($83, 0) + 10 * bit($83, 7)", 10)]
    [InlineData("if($80 == 0x12, 5, 6)", 5)]
    [InlineData("pick(2, 10, 20, 30)", 30)]
    [InlineData("pick($83, 10, 20)", 20)]
    [InlineData("ram(0x81)", 0x34)]
    [InlineData("ram(0x80 + ($84 == 0))", 0x34)]
    [InlineData("sum(i, 0, 2, bcd(ram(0x80 + i)))", 102)]
    [InlineData("count(i, 0x80, 0x83, ram(i) > 0x30)", 3)]
    [InlineData("sum(i, 0, 1, sum(j, 0, 2, 10 * i + j))", 36)]
    [InlineData("twice($81)", 104)]
    [InlineData("twice(twice(1)) + weighted(2, 3)", 36)]
    [InlineData("$F0B4", 0x98)]
    public void Expressions_mean_what_the_manual_says(string expression, int expected)
    {
        var yaml = $"rules:\n  twice(v): v * 2\n  weighted(a, b): a + 10 * b\n  over: 0\n  reward: {expression}\n";
        var rules = GameTable.Parse(yaml, "test", "test.yaml").CreateRules();
        var console = new FakeConsole();
        console.Poke("80=12 81=34 82=56 83=FE F0B4=98");
        rules.Step(console);
        Assert.Equal(expected, rules.Reward);
    }

    [Theory]
    [InlineData("over: $A", 2, 9, "'$A' is no address; allowed: $80..$FF")]
    [InlineData("over: $12", 2, 9, "'$12' is not memory; memory is $80..$FF, and a number in hexadecimal is 0x12")]
    [InlineData("over: 1 +", 2, 12, "a value is expected here, not the end")]
    [InlineData("over: (1", 2, 11, "')' is expected here, not the end")]
    [InlineData("over: 1 2", 2, 11, "'2' is left over")]
    [InlineData("over: 1 < 2 < 3", 2, 15, "comparisons do not chain; join them with 'and'")]
    [InlineData("over: 99999999999", 2, 9, "is no number; allowed: 0..2147483647")]
    [InlineData("over: 1 ? 2", 2, 11, "'?' means nothing here")]
    [InlineData("over: scor == 3", 2, 9, "'scor' is not a variable; did you mean 'score'?")]
    [InlineData("over: bdc($80)", 2, 9, "'bdc' is not a function; did you mean 'bcd'?")]
    [InlineData("over: min(1)", 2, 9, "min() takes 2 values, not 1")]
    [InlineData("over: bcd(1, 2, 3, 4, 5)", 2, 9, "bcd() takes 1..4 values, not 5")]
    [InlineData("over: mode == 1", 2, 9, "only 'select' knows the mode")]
    [InlineData("over: random(4)", 2, 9, "'random' is not a function")]
    [InlineData("over: ram(0x10)", 2, 9, "ram(16) is not memory; memory is 0x80..0xFF")]
    [InlineData("over: sum(i, 0, $80, i)", 2, 19, "a number is expected here, not a value that changes")]
    [InlineData("over: sum(i, 5, 1, i)", 2, 22, "5..1 is no range")]
    [InlineData("over: last.lvies", 2, 14, "did you mean 'lives'?")]
    [InlineData("over: 1\n  over: 2", 3, 3, "'over' is there twice")]
    [InlineData("over: 1\n  if: 2", 3, 3, "'if' cannot be the name of a variable")]
    [InlineData("over: f(1)\n  f(v): v +", 3, 12, "a value is expected here, not the end")]
    [InlineData("over: f(1, 2)\n  f(v): v", 2, 9, "f() takes 1 values, not 2")]
    [InlineData("over: f(1)\n  f(v): f(v)", 3, 9, "nested more than 64 levels deep")]
    [InlineData("over: 1\n  f(: v", 3, 3, "'f(' is neither a name nor a function")]
    [InlineData("score: 1", 2, 3, "'rules' lacks 'over'")]
    [InlineData("over: 1 +\n    2 + 3 )", 3, 11, "')' is left over")]
    [InlineData("over: '1 + x'", 2, 14, "'x' is not a variable")]
    [InlineData("over: 0\nactons: FIRE", 3, 1, "'actons' is no field of a game; did you mean 'actions'?")]
    [InlineData("over: 0\nactions: NOOP FIER", 3, 15, "'FIER' is no action; did you mean 'FIRE'?")]
    [InlineData("over: 0\nactions: RESET", 3, 10, "'RESET' is no action")]
    [InlineData("over: 0\nbegin: FIRE*0", 3, 8, "'0' is not allowed here; allowed: whole numbers 1..100000")]
    [InlineData("over: 0\nmodes: 3..1", 3, 8, "'3..1' is no range")]
    [InlineData("over: 0\nmodes: 0..3\ndefault_mode: 5", 4, 15, "mode 5 is not among the modes 0..3")]
    [InlineData("over: 0\ndifficulties: 0 7", 3, 17, "'7' is not allowed here; allowed: whole numbers 0..3")]
    [InlineData("over: 0\nmd5: 12", 3, 6, "'12' is no MD5")]
    [InlineData("over: 0\nid: Pong!", 3, 5, "'Pong!' is no id")]
    [InlineData("over: 0\nstart: { live: 3 }", 3, 10, "'live' is not a variable of the rules; did you mean 'lives'?")]
    [InlineData("over: 0\nstart: { lives: $80 }", 3, 17, "a number is expected here, not a value that changes")]
    [InlineData("over: 0\nkeep: timer", 3, 7, "'timer' is not a variable of the rules")]
    [InlineData("over: 0\nlives_when_over: no", 3, 18, "'no' is not allowed here; allowed: zero or kept")]
    [InlineData("over: 0\nconsole: { hight: 210 }", 3, 12, "did you mean 'height'?")]
    [InlineData("over: 0\nconsole: { left: stick }", 3, 18, "allowed: joystick or paddles")]
    [InlineData("over: 0\nselect: pres 2", 3, 9, "'pres' is no step; did you mean 'press'?")]
    [InlineData("over: 0\nselect: act JUMP", 3, 13, "'JUMP' is no action")]
    [InlineData("over: 0\nselect: until 1 { press 1", 3, 26, "'the end' is no step")]
    [InlineData("over: 0\nselect: live = 1", 3, 9, "'live' is no step")]
    [InlineData("over: 0\nselect: repeat 99999 { reset }", 3, 22, "99999 times; allowed: 1..10000")]
    public void Errors_name_line_and_column_and_what_is_allowed(string rules, int line, int column, string message)
    {
        var error = Assert.Throws<GameFormatException>(() => GameTable.Parse($"rules:\n  {rules}\n", "test", "test.yaml"));
        Assert.Contains(message.Replace("'the end'", "the end", StringComparison.Ordinal), error.Message, StringComparison.Ordinal);
        Assert.Contains(error.Problems, problem => (problem.Line, problem.Column) == (line, column));
        Assert.StartsWith($"test.yaml:{error.Problems[0].Line}:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_of_a_file_are_named_at_once()
    {
        const string Yaml = "modes: x\nrules:\n  score: bdc($80)\n  over: $8\nselect: pres\n";
        var error = Assert.Throws<GameFormatException>(() => GameTable.Parse(Yaml, "test", "test.yaml"));
        Assert.Equal([1, 3, 4, 5], error.Problems.Select(problem => problem.Line));
    }

    [Theory]
    [InlineData("")]
    [InlineData("- 1")]
    [InlineData("a: &x 1\nb: *x")]
    [InlineData("rules: { over: [1, 2] }")]
    [InlineData("rules: [over]")]
    [InlineData("rules: over")]
    [InlineData("rules: { over: 0 }\n--- \nrules: 1")]
    [InlineData("rules:\n\tover: 0")]
    [InlineData("rules: {{{{{{{{{{{{{{{{{{{{")]
    [InlineData("? [a]\n: b")]
    [InlineData("rules: { over: \"\\q\" }")]
    [InlineData("rules:\n  over: sum(a, 0, 127, sum(b, 0, 127, sum(c, 0, 127, $80)))")]
    [InlineData("rules:\n  f(v): v + v\n  over: f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f($80))))))))))))))))))))")]
    public void What_is_no_game_is_refused(string yaml) =>
        Assert.Throws<GameFormatException>(() => GameTable.Parse(yaml, "test", "test.yaml"));

    [Theory]
    [InlineData("repeat 10000 { repeat 10000 { repeat 10000 { act NOOP } } }", 100_000)]
    [InlineData("until 0 { press 2000000000 }", 10_000)]
    [InlineData("until 0 at most 7 { press -5 }", 7)]
    public void A_script_that_never_ends_is_ended(string script, int steps)
    {
        var console = new FakeConsole();
        var rules = GameTable.Parse($"rules: {{ over: 0 }}\nselect: {script}\n", "test", "test.yaml").CreateRules();
        Assert.Throws<InvalidOperationException>(() => rules.SelectMode(0, console));
        Assert.InRange(console.Log.Count, steps - 20, steps);
        Assert.All(console.Log, step => Assert.Contains(step, (string[])["A0", "S1000", "S1"]));
    }

    [Fact]
    public void Any_text_is_read_or_refused_with_a_place_in_it()
    {
        string[] words =
        [
            "rules:", "\n", "\n  ", "over:", "score:", " ", " ", "$80", "(", ")", "sum(i, 0, 3,", "bcd(", "1", "+", "last.", "score",
            "if(", ",", "select:", "until", "{", "}", "press", "'", "\"", "-", "not", "f(v):", "v", "modes:", "0..3", "start:",
            "#", "|", "&a", "*", "!", "%", "[", "]",
        ];
        Prop.ForAll(Gen.Elements(words).ArrayOf().ToArbitrary(), pieces =>
        {
            var yaml = string.Concat(pieces);
            try
            {
                GameTable.Parse(yaml, "test", "test.yaml");
            }
            catch (GameFormatException error)
            {
                var lines = yaml.Split('\n');
                Assert.All(error.Problems, problem => Assert.InRange(problem.Line, 1, lines.Length + 1));
                Assert.All(error.Problems, problem => Assert.InRange(problem.Column, 1, lines.Max(line => line.Length) + 2));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithReplay(7, 9));
    }

    [Fact]
    public void A_game_of_a_user_says_all_that_a_built_in_game_says()
    {
        const string Yaml = """
            # A made-up cartridge.
            id: my_game
            md5: 00112233445566778899AABBCCDDEEFF
            actions: [FIRE, noop, LEFT]
            legal: NOOP FIRE, LEFT
            begin: NOOP*60 RESET FIRE
            modes: 0..2 8
            default_mode: 8
            select: |
              until $81 == mode { press 2 }
              reset
            difficulties: 0 3
            console: { first_line: 30, height: 220, left: paddles, swap_ports: true, hmove_blanks: false, right_difficulty: A,
              paddle_maximum: 800000 }
            start: { lives: 3, best: -1 }
            keep: best
            lives_when_over: kept
            rules:
              score: bcd($90,
                $91)   # ones first
              best: max(best, score)
              lives: $92
              over: lives == 0
            """;
        var game = GameTable.Parse(Yaml, "file", "file.yaml");
        Assert.Equal(("my_game", "00112233445566778899aabbccddeeff", 8), (game.Id, game.Md5, game.DefaultMode));
        Assert.Equal([0, 1, 4], game.MinimalActions);
        Assert.Equal([0, 1, 4], game.LegalActions);
        Assert.Equal([new(0, 60), new(40, 1), new(1, 1)], game.StartingActions);
        Assert.Equal([0, 1, 2, 8], game.Modes);
        Assert.Equal([0, 3], game.Difficulties);
        Assert.Equal(
            new ConsoleProperties
            {
                FirstLine = 30,
                Height = 220,
                Left = Controller.Paddles,
                SwapPorts = true,
                HmoveBlanks = false,
                RightDifficultyA = true,
                PaddleMaximum = 800_000,
            },
            game.Properties);
        var (rules, console) = (game.CreateRules(), new FakeConsole());
        rules.Reset(console);
        Assert.Equal(3, rules.Lives);
        console.Poke("90=34 91=12");
        rules.Step(console);
        Assert.Equal((1234, 0, true), (rules.Reward, rules.Lives, rules.IsTerminal));
    }

    [Fact]
    public void Games_are_found_by_id_and_by_md5_in_either_case()
    {
        Assert.Equal(104, GameTable.Ids.Except(BuiltInRoms.Resources.Keys).Count());
        Assert.Equal("pong", GameTable.FindByMd5("60E0EA3CBE0913D39803477945E9E5EC")?.Id);
        Assert.Null(GameTable.FindByMd5("60e0ea3cbe0913d39803477945e9e5ed"));
        Assert.Null(GameTable.Find("pingpong"));
        Assert.Equal(GameTable.Ids.Count, GameTable.Ids.Select(id => GameTable.Find(id)!.Md5).Distinct().Count());
    }

    [Fact]
    public void An_unknown_cartridge_has_one_life_and_neither_rewards_nor_ends()
    {
        var game = GameTable.Unknown("ABCDEF");
        var rules = game.CreateRules();
        Assert.Equal(1, rules.Lives);
        rules.Step(new FakeConsole());
        Assert.Equal(("abcdef", 0, 1, false), (game.Md5, rules.Reward, rules.Lives, rules.IsTerminal));
        Assert.Equal(18, game.MinimalActions.Count);
    }

    [Fact]
    public void Facts_of_the_console_are_in_the_table()
    {
        var paddles = GameTable.Ids.Except(BuiltInRoms.Resources.Keys)
            .Where(id => GameTable.Find(id)!.Properties.Left == Controller.Paddles);
        Assert.Equal(["backgammon", "blackjack", "breakout", "casino", "kaboom", "pong"], paddles);
        Assert.Equal([0, 2, 3, 4, 5, 6, 7, 8, 9], GameTable.Find("skiing")!.LegalActions);
        Assert.Equal([new(40, 1), new(4, 1)], GameTable.Find("sir_lancelot")!.StartingActions);
        Assert.Equal([new(0, 486)], GameTable.Find("darkchambers")!.StartingActions);
        Assert.Equal(153, GameTable.Find("video_cube")!.Modes.Count);
        Assert.Equal(1_000_000, GameTable.Find("backgammon")!.Properties.PaddleMaximum);
        Assert.True(GameTable.Find("pong")!.Properties is { SwapPaddles: true, Right: Controller.Paddles });
        Assert.True(GameTable.Find("amidar")!.Properties is { LeftDifficultyA: true, RightDifficultyA: true });
        Assert.True(GameTable.Find("surround")!.Properties.SwapPorts);
        Assert.False(GameTable.Find("ms_pacman")!.Properties.HmoveBlanks);
        Assert.Equal((26, 220), (GameTable.Find("pooyan")!.Properties.FirstLine, GameTable.Find("pooyan")!.Properties.Height));
        Assert.Equal([22, 86], GameTable.Find("centipede")!.Modes);
    }

    [Fact]
    public void A_file_is_named_in_its_errors_and_its_name_is_the_id()
    {
        var folder = Directory.CreateTempSubdirectory("rapid-games");
        try
        {
            var path = Path.Combine(folder.FullName, "My Game.yaml");
            File.WriteAllText(path, "rules: { over: 0 }");
            Assert.Equal("my_game", GameTable.Load(path).Id);
            File.WriteAllText(path, "rules: { over: x }");
            var error = Assert.Throws<GameFormatException>(() => GameTable.Load(path));
            Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{path}:1:16: 'x'"), error.Message, StringComparison.Ordinal);
            File.WriteAllBytes(path, new byte[(1 << 20) + 1]);
            Assert.Throws<IOException>(() => GameTable.Load(path));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
