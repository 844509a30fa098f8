using Rapid.Environments.Atari.Arcade;
using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Tests.Atari;

/// <summary>Every frame against traces of the reference emulator: screen, memory, reward, lives and ends.</summary>
public sealed class ArcadeGoldenTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "golden", "atari");

    private static string? TetrisRom => Environment.GetEnvironmentVariable("RAPID_ROMS") is { Length: > 0 } folder
        && Path.Combine(folder, "tetris.bin") is var path && File.Exists(path) ? path : null;

    public static TheoryData<string> StressTraces => [.. TraceFiles("stress-*")];

    /// <summary>Tetris too where RAPID_ROMS names a folder with tetris.bin, which may not lie in this repository.</summary>
    public static TheoryData<string> Traces => [.. TraceFiles("stress-*"), .. TetrisRom is null ? [] : TraceFiles("tetris*")];

    [Theory, MemberData(nameof(Traces))]
    public void Every_frame_equals_the_reference(string name)
    {
        var isTetris = name.StartsWith("tetris", StringComparison.Ordinal);
        var (rom, game) = isTetris ? (TetrisRom!, GameTable.Find("tetris")!) : (StressRom(name), GameTable.Unknown(""));
        Replay(name, rom, game, draws: _ => true);
    }

    [Theory, MemberData(nameof(StressTraces))]
    public void Frames_that_are_drawn_only_when_somebody_looks_equal_the_reference(string name)
    {
        // Looked at now and then, after frames that were drawn and frames that were not.
        var random = new Random(7);
        Replay(name, StressRom(name), GameTable.Unknown(""), draws: _ => random.Next(5) == 0, looks: _ => random.Next(4) == 0);
    }

    private static string StressRom(string trace) => Path.Combine(Folder, "roms", trace.Split('.')[0] + ".bin");

    private static IEnumerable<string> TraceFiles(string pattern) =>
        Directory.GetFiles(Path.Combine(Folder, "traces"), pattern).Select(path => Path.GetFileName(path)).Order();

    private static void Replay(string name, string rom, GameDescription game, Func<int, bool> draws, Func<int, bool>? looks = null)
    {
        var trace = ArcadeTrace.Read(Path.Combine(Folder, "traces", name));
        var console = trace.Play(File.ReadAllBytes(rom), game);
        var restoreAt = name.Split('.').FirstOrDefault(part => part.StartsWith("restore", StringComparison.Ordinal)) is { } part
            ? int.Parse(part["restore".Length..], System.Globalization.CultureInfo.InvariantCulture)
            : -1;
        using var actions = trace.Actions().GetEnumerator();
        for (var i = 0; i < trace.Rows.Length; i++)
        {
            var row = trace.Rows[i];
            if (row.Frame == restoreAt && row.Kind == 'S')
            {
                PlaySomethingElse(console, trace);
            }

            console.DrawsFrames = draws(i);
            var reward = 0;
            if (row.Kind == 'S')
            {
                Assert.True(actions.MoveNext());
                Assert.Equal(row.Action, actions.Current);
                reward = console.Act(actions.Current);
            }
            else if (i > 0)
            {
                console.ResetGame();
            }

            var screen = looks is null || looks(i) ? ArcadeTrace.Crc(console.Screen) : row.Screen;
            var actual = row with
            {
                Reward = reward,
                Terminal = console.IsTerminal,
                Lives = console.Lives,
                Screen = screen,
                Ram = ArcadeTrace.Crc(console.Ram),
            };
            Assert.True(row == actual, $"row {i}: expected {row}, was {actual}");
        }
    }

    private static void PlaySomethingElse(ArcadeConsole console, ArcadeTrace trace)
    {
        var state = console.Save();
        for (var i = 0; i < 50; i++)
        {
            console.Act(trace.MinimalActions[i % trace.MinimalActions.Length]);
        }

        console.Restore(state);
    }
}
