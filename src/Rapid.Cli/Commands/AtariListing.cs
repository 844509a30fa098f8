using System.Globalization;
using Rapid.Cli.Terminal;
using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;

namespace Rapid.Cli.Commands;

/// <summary>What <c>rapid envs</c> says of Atari games.</summary>
internal static class AtariListing
{
    /// <summary>One line a game.</summary>
    public static void List(string? folder, CancellationToken stop)
    {
        var found = RomLibrary.Open(folder).Scan(stop).Select(file => file.Game?.Id).ToHashSet();
        TextTable.Write(Console.Out, ["atari", "names", "cartridge"], GameTable.Ids.Select(id => (string[])
        [
            id,
            string.Join(' ', AtariNames.Of(id).Select(name => name.Name)),
            BuiltInRoms.Resources.ContainsKey(id) ? "built in" : found.Contains(id) ? "found" : "-",
        ]));
        Console.Out.WriteLine("'rapid roms' finds cartridges and says where to put them; 'rapid envs NAME' describes one environment");
    }

    /// <summary>All there is to know about one name.</summary>
    public static void Describe(AtariName name, string? folder)
    {
        var info = AtariNames.Find(name.Name)!;
        var defaults = name.Defaults;
        TextTable.Write(Console.Out, [],
        [
            [info.Name, info.Summary],
            ["family", info.Family],
            ["names", string.Join(' ', AtariNames.Of(name.Game).Select(other => other.Name))],
            ["frame skip", defaults.LeastFrameSkip == defaults.MostFrameSkip
                ? Text(defaults.LeastFrameSkip)
                : $"{Text(defaults.LeastFrameSkip)} to {Text(defaults.MostFrameSkip)}, drawn for each step"],
            ["sticky actions", $"probability {defaults.RepeatActionProbability.ToString(CultureInfo.InvariantCulture)}"],
            ["limit", $"{Text(defaults.MaximumFrames)} frames an episode (at most {Text(info.MaxEpisodeSteps)} steps)"],
            .. References(name.Game),
            .. FactsOf(GameTable.Find(name.Game)!, defaults.FullActionSpace, folder),
            ["options", "(environment.options)"],
            .. info.Options.Select(option => (string[])[$"  {option.Key}", option.Value]),
        ]);
    }

    /// <summary>What a user's file says.</summary>
    /// <exception cref="CliException">It is wrong.</exception>
    public static void DescribeFile(string path, string? folder)
    {
        try
        {
            var game = GameTable.Load(path);
            TextTable.Write(Console.Out, [], [[game.Id, path], .. FactsOf(game, false, folder)]);
        }
        catch (GameFormatException error)
        {
            throw new CliException(error.Message, ExitCode.BadInput);
        }
    }

    private static IEnumerable<string[]> FactsOf(GameDescription game, bool takesAllActions, string? folder)
    {
        var actions = takesAllActions ? game.LegalActions : game.MinimalActions;
        return
        [
            ["observations", $"4 frames of 84 x 84 pixels, of a screen of {Text(game.Properties.Height)} x 160"],
            ["actions", $"discrete {Text(actions.Count)}: {string.Join(' ', actions.Select(ActionNames.Of))}"],
            ["modes", $"{Ranges.Describe(game.Modes)} (default {Text(game.DefaultMode)})"],
            ["difficulties", Ranges.Describe(game.Difficulties)],
            ["controller", game.Properties.Left == Controller.Paddles ? "paddles" : "joystick"],
            ["cartridge", Cartridge(game, folder)],
        ];
    }

    private static IEnumerable<string[]> References(string game) => HumanScores.Of(game) is var (random, human)
        ? [["scores", string.Create(CultureInfo.InvariantCulture, $"random {random}, human {human}")]]
        : [];

    private static string Cartridge(GameDescription game, string? folder) => game.Md5.Length == 0 ? "none: the file states no MD5, and is played with one"
        : BuiltInRoms.Find(game.Md5) is not null ? "built in"
        : RomLibrary.Open(folder).Locate(game) is { } file ? $"{file}"
        : $"missing: MD5 {game.Md5}, any file name, into {RomLibrary.DefaultFolder} or a folder of {RomLibrary.FoldersVariable} or --roms";

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
