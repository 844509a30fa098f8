using System.Globalization;
using System.Text.RegularExpressions;
using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Tests.Atari;

public sealed partial class GameRulesTests
{
    private static readonly Dictionary<string, string[]> Sequences = ReadSequences();

    public static TheoryData<string> Games => [.. GameTable.Ids];

    public static TheoryData<string> ModeLines => [.. ReadLines("modes.txt")];

    [Theory, MemberData(nameof(Games))]
    public void Rewards_lives_and_ends_are_what_memory_says(string id)
    {
        var game = GameTable.Find(id)!;
        var rules = game.CreateRules();
        var console = new FakeConsole();
        var lines = Sequences[id];
        rules.Reset(console);
        Assert.Equal((0, int.Parse(lines[0], CultureInfo.InvariantCulture), false), (rules.Reward, rules.Lives, rules.IsTerminal));
        foreach (var line in lines[1..])
        {
            if (line == "reset")
            {
                rules.Reset(console);
                continue;
            }

            var frame = FrameLine().Match(line);
            Assert.True(frame.Success, line);
            console.Poke(frame.Groups["pokes"].Value);
            for (var times = Number(frame.Groups["times"], 1); times > 0; times--)
            {
                rules.Step(console);
                var seen = $"{rules.Reward} {rules.Lives}{(rules.IsTerminal ? " over" : "")}";
                Assert.Equal($"{line}: {frame.Groups["expected"].Value}", $"{line}: {seen}");
            }
        }
    }

    [Fact]
    public void Every_game_has_a_sequence() => Assert.Equal(GameTable.Ids, Sequences.Keys.Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Games))]
    public void Saved_rules_go_on_as_if_nothing_had_happened(string id)
    {
        var game = GameTable.Find(id)!;
        var (rules, restored, console, random) = (game.CreateRules(), game.CreateRules(), new FakeConsole(), new Random(5));
        rules.Reset(console);
        for (var frame = 0; frame < 40; frame++)
        {
            console.Poke($"{random.Next(0x80, 0x100):X2}={random.Next(256):X2} {random.Next(0x80, 0x100):X2}=00");
            var state = new int[rules.StateSize];
            rules.Save(state);
            restored.Restore(state);
            Assert.Equal(Figures(rules), Figures(restored));
            rules.Step(console);
            restored.Step(console);
            Assert.Equal(Figures(rules), Figures(restored));
        }
    }

    [Theory, MemberData(nameof(ModeLines))]
    public void Modes_are_selected_as_a_player_would(string line)
    {
        var match = ModeLine().Match(line);
        Assert.True(match.Success, line);
        var rules = GameTable.Find(match.Groups["game"].Value)!.CreateRules();
        string[] pokes = [.. match.Groups["pokes"].Value.Split('|')];
        var console = new FakeConsole { Pokes = pokes[1..], Random = new([5, uint.MaxValue]), Rules = rules };
        console.Poke(pokes[0]);
        rules.Reset(console);
        var expected = Steps(match.Groups["steps"].Value).ToList();
        var error = Record.Exception(() => rules.SelectMode(int.Parse(match.Groups["mode"].Value, CultureInfo.InvariantCulture), console));
        switch (expected.LastOrDefault())
        {
            case "STUCK":
                Assert.Contains("does not come to mode", Assert.IsType<InvalidOperationException>(error).Message, StringComparison.Ordinal);
                break;
            case "REFUSED":
                Assert.Contains("has no mode", Assert.IsType<ArgumentException>(error).Message, StringComparison.Ordinal);
                break;
            default:
                Assert.Null(error);
                break;
        }

        Assert.Equal(expected.Where(step => step[1..] is not ("TUCK" or "EFUSED" or "OTHING")), console.Log);
    }

    [Fact]
    public void Every_game_that_selects_modes_has_a_line_and_takes_its_default_mode()
    {
        var tested = ReadLines("modes.txt").Select(line => ModeLine().Match(line).Groups["game"].Value).ToHashSet();
        foreach (var game in GameTable.Ids.Select(id => GameTable.Find(id)!))
        {
            Assert.Contains(game.DefaultMode, game.Modes);
            Assert.True(game.Modes.Count == 1 || tested.Contains(game.Id), game.Id);
        }
    }

    [Fact]
    public void Demon_attack_does_not_end_in_the_frame_after_a_mode_was_selected()
    {
        var rules = GameTable.Find("demon_attack")!.CreateRules();
        var console = new FakeConsole { Pokes = [] };
        console.Poke("EA=01 F1=BD");
        rules.Reset(console);
        rules.SelectMode(1, console);
        rules.Step(console);
        Assert.False(rules.IsTerminal);
        rules.Step(console);
        Assert.True(rules.IsTerminal);
    }

    [Fact]
    public void Video_checkers_from_mode_11_on_is_won_by_losing_everything()
    {
        var rules = GameTable.Find("video_checkers")!.CreateRules();
        var console = new FakeConsole();
        console.Poke("F6=11 80=90");
        rules.Reset(console);
        rules.SelectMode(11, console);
        rules.Step(console);
        Assert.Equal((1, true), (rules.Reward, rules.IsTerminal));
        console.Poke("80=10");
        rules.Step(console);
        Assert.Equal(-1, rules.Reward);
    }

    [Theory]
    [InlineData(0, 6)]
    [InlineData(1, 15)]
    [InlineData(2, 6)]
    [InlineData(3, 100)]
    [InlineData(4, 25)]
    public void Gravitar_shows_the_lives_of_the_mode_that_is_being_selected(int mode, int lives)
    {
        var rules = GameTable.Find("gravitar")!.CreateRules();
        var console = new FakeConsole();
        console.Poke($"80={mode:X2}");
        rules.Reset(console);
        rules.SelectMode(mode, console);
        Assert.Equal(lives, rules.Lives);
    }

    [Fact]
    public void Evaluation_allocates_nothing()
    {
        var console = new FakeConsole();
        GameRules[] all = [.. GameTable.Ids.Select(id => GameTable.Find(id)!.CreateRules())];
        Array.ForEach(all, rules => rules.Step(console));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            foreach (var rules in all)
            {
                rules.Step(console);
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static (int Reward, int Lives, bool IsTerminal) Figures(GameRules rules) => (rules.Reward, rules.Lives, rules.IsTerminal);

    private static IEnumerable<string> Steps(string text) => text.Split(' ').SelectMany(word =>
    {
        var step = CountedStep().Match(word);
        return Enumerable.Repeat(step.Groups["step"].Value, Number(step.Groups["count"], 1));
    });

    private static int Number(Group group, int fallback) =>
        group.Success && group.Length > 0 ? int.Parse(group.Value, CultureInfo.InvariantCulture) : fallback;

    private static IEnumerable<string> ReadLines(string file) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "golden", "atari", file)).Where(line => line.Length > 0 && line[0] != '#');

    private static Dictionary<string, string[]> ReadSequences()
    {
        var sections = new Dictionary<string, List<string>>();
        List<string> lines = [];
        foreach (var line in ReadLines("rules.txt"))
        {
            if (line[0] == '[')
            {
                var header = line.Split("] ");
                sections.Add(header[0][1..], lines = [header[1]]);
            }
            else
            {
                lines.Add(line);
            }
        }

        return sections.ToDictionary(section => section.Key, section => section.Value.ToArray());
    }

    [GeneratedRegex(@"^(?<pokes>[0-9A-F=. ]*?)(\*(?<times>\d+) )?-> (?<expected>-?\d+ -?\d+( over)?)$")]
    private static partial Regex FrameLine();

    [GeneratedRegex(@"^(?<game>\w+) (?<mode>\d+): (?<pokes>[^>]*) -> (?<steps>.*)$")]
    private static partial Regex ModeLine();

    [GeneratedRegex(@"^(?<count>\d+)?(?<step>[A-Z]+\d*)$")]
    private static partial Regex CountedStep();
}
