using Rapid.Environments.Atari;

namespace Rapid.Environments.Tests.Atari;

public sealed class ArcadeGoldenTests
{
    static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "golden", "atari");

    public static TheoryData<string> StressTraces =>
        [.. Directory.GetFiles(Path.Combine(Folder, "traces"), "stress-*").Select(path => Path.GetFileName(path)).Order()];

    [Theory, MemberData(nameof(StressTraces))]
    public void Every_frame_of_a_stress_program_equals_the_reference(string name)
    {
        var trace = ArcadeTrace.Read(Path.Combine(Folder, "traces", name));
        var rom = File.ReadAllBytes(Path.Combine(Folder, "roms", name.Split('.')[0] + ".bin"));
        var console = trace.Play(rom, GenericGame.Description);
        using var actions = trace.Actions().GetEnumerator();
        for (var i = 0; i < trace.Rows.Length; i++)
        {
            var row = trace.Rows[i];
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

            var actual = new TraceRow(
                row.Kind, row.Action, reward, console.IsTerminal, console.Lives, ArcadeTrace.Crc(console.Screen), ArcadeTrace.Crc(console.Ram));
            Assert.True(row == actual, $"row {i}: expected {row}, was {actual}");
        }
    }
}
