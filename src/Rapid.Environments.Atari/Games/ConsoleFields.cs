using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari.Games;

/// <summary>Reads how the console is set up.</summary>
internal static class ConsoleFields
{
    private static readonly Dictionary<string, Func<ConsoleProperties, SourceNode, ConsoleProperties>> Fields = new()
    {
        ["first_line"] = (console, node) => console with { FirstLine = SourceFields.Whole(node, 0, 100) },
        ["height"] = (console, node) => console with { Height = SourceFields.Whole(node, 200, 300) },
        ["television"] = (console, node) =>
            console with { Television = (TelevisionStandard)SourceFields.Choice(node, "detected", "ntsc", "pal", "secam") },
        ["left"] = (console, node) => console with { Left = Plugged(node) },
        ["right"] = (console, node) => console with { Right = Plugged(node) },
        ["swap_ports"] = (console, node) => console with { SwapPorts = Flag(node) },
        ["swap_paddles"] = (console, node) => console with { SwapPaddles = Flag(node) },
        ["hmove_blanks"] = (console, node) => console with { HmoveBlanks = Flag(node) },
        ["left_difficulty"] = (console, node) => console with { LeftDifficultyA = SourceFields.Choice(node, "B", "A") == 1 },
        ["right_difficulty"] = (console, node) => console with { RightDifficultyA = SourceFields.Choice(node, "B", "A") == 1 },
        ["paddle_maximum"] = (console, node) => console with { PaddleMaximum = SourceFields.Whole(node, 27_450, 10_000_000) },
    };

    /// <summary>Reads the group; hears of what is wrong in it.</summary>
    public static ConsoleProperties Read(SourceNode node, SourceProblems problems)
    {
        var console = new ConsoleProperties();
        foreach (var (key, child) in SourceFields.Group(node).Children)
        {
            problems.Guard(() =>
            {
                var set = Fields.GetValueOrDefault(key.Text) ?? throw key.Wrong(
                    0, $"'{key.Text}' is no field of the console{SourceFields.Allowed(key.Text, Fields.Keys)}");
                console = set(console, child);
            });
        }

        return console;
    }

    private static bool Flag(SourceNode node) => SourceFields.Choice(node, "false", "true") == 1;

    private static Controller Plugged(SourceNode node) => (Controller)SourceFields.Choice(node, "joystick", "paddles");
}
