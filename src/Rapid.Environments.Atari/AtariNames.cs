using System.Text;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;
using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari;

/// <summary>What the name of an Atari environment stands for, before any option changes it.</summary>
/// <param name="LeastFrameSkip">Frames that an action is held, at least.</param>
/// <param name="MostFrameSkip">Frames that an action is held, at most; drawn uniformly for each step when it is more.</param>
/// <param name="RepeatActionProbability">Chance, each frame, that the action before is played again (sticky actions).</param>
/// <param name="FullActionSpace">All eighteen actions instead of the game's own.</param>
/// <param name="MaximumFrames">Frames after which an episode is truncated.</param>
public readonly record struct AtariDefaults(
    int LeastFrameSkip, int MostFrameSkip, float RepeatActionProbability, bool FullActionSpace, int MaximumFrames);

/// <summary>The name of an Atari environment, understood.</summary>
/// <param name="Name">For example "PongNoFrameskip-v4".</param>
/// <param name="Game">Id of the game, for example "pong".</param>
/// <param name="Defaults">Of the name's family.</param>
/// <param name="File">The game's description or cartridge where the name is a path.</param>
public sealed record AtariName(string Name, string Game, AtariDefaults Defaults, string? File = null)
{
    private static readonly string[] Descriptions = [".yaml", ".yml"], Cartridges = [".bin", ".a26", ".rom"];

    /// <summary>Whether a name is the path of a game's description.</summary>
    public static bool IsDescription(string name) => Descriptions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a name is the path of a cartridge.</summary>
    public static bool IsCartridge(string name) => Cartridges.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);
}

/// <summary>
/// Names of Atari environments as Gymnasium registers them: ALE/Pong-v5 for every game, and for the sixty-two of the first release
/// Pong-v0, Pong-v4, PongNoFrameskip-v0 and PongNoFrameskip-v4. A game that ships with Rapid has all five.
/// </summary>
public static class AtariNames
{
    private const int ThirtyMinutes = 30 * 60 * 60; // frames at 60 Hz: 108 000

    private static readonly string[] FirstRelease =
    [
        "adventure", "air_raid", "alien", "amidar", "assault", "asterix", "asteroids", "atlantis", "bank_heist", "battle_zone",
        "beam_rider", "berzerk", "bowling", "boxing", "breakout", "carnival", "centipede", "chopper_command", "crazy_climber", "defender",
        "demon_attack", "double_dunk", "elevator_action", "enduro", "fishing_derby", "freeway", "frostbite", "gopher", "gravitar", "hero",
        "ice_hockey", "jamesbond", "journey_escape", "kangaroo", "krull", "kung_fu_master", "montezuma_revenge", "ms_pacman",
        "name_this_game", "phoenix", "pitfall", "pong", "pooyan", "private_eye", "qbert", "riverraid", "road_runner", "robotank",
        "seaquest", "skiing", "solaris", "space_invaders", "star_gunner", "tennis", "time_pilot", "tutankham", "up_n_down", "venture",
        "video_pinball", "wizard_of_wor", "yars_revenge", "zaxxon",
    ];

    private static readonly Lazy<Dictionary<string, AtariName>> Names =
        new(() => GameTable.Ids.SelectMany(Of).ToDictionary(name => name.Name));

    /// <summary>All names, game by game.</summary>
    public static IEnumerable<AtariName> All => Names.Value.Values;

    /// <summary>What a name stands for, or null. The path of a description of a game (docs/atari-games.md) or of a cartridge is a name too,
    /// of the family without frame skip.</summary>
    /// <param name="name">For example "ALE/Pong-v5"; case matters.</param>
    public static AtariName? Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Names.Value.GetValueOrDefault(name)
            ?? ((AtariName.IsDescription(name) ? !DescriptionFiles.IsTask(name) : AtariName.IsCartridge(name)) && File.Exists(name)
                ? new AtariName(name, Path.GetFileNameWithoutExtension(name), new(1, 1, 0, false, ThirtyMinutes), name)
                : null);
    }

    /// <summary>The names of a game.</summary>
    /// <param name="game">Its id.</param>
    public static IEnumerable<AtariName> Of(string game)
    {
        var title = Title(game);
        yield return new($"ALE/{title}-v5", game, new(4, 4, 0.25f, false, ThirtyMinutes));
        if (!FirstRelease.Contains(game) && !BuiltInRoms.Resources.ContainsKey(game))
        {
            yield break;
        }

        foreach (var (version, repeat) in ((string, float)[])[("v0", 0.25f), ("v4", 0)])
        {
            yield return new($"{title}-{version}", game, new(2, 4, repeat, false, ThirtyMinutes));
        }

        foreach (var (version, repeat) in ((string, float)[])[("v0", 0.25f), ("v4", 0)])
        {
            yield return new($"{title}NoFrameskip-{version}", game, new(1, 1, repeat, false, ThirtyMinutes));
        }
    }

    /// <summary>The registry's facts about a name, or null if it is no name of an Atari environment.</summary>
    /// <param name="name">For example "ALE/Pong-v5".</param>
    public static EnvironmentInfo? Find(string name) => Parse(name) is not { } parsed ? null : new(
        parsed.Name,
        "atari",
        AtariTasks.LongestEpisode(parsed.Defaults, new Dictionary<string, string>()),
        null,
        $"{Words(AtariTasks.KnownGame(parsed) ?? parsed.Game)} on the Atari 2600",
        AtariTasks.Options)
    {
        Note = AtariTasks.NoteOf(parsed),
        ShowsNoFramesWith = ("obs_type", "ram"),
    };

    /// <summary>"space_invaders" as "SpaceInvaders", "tic_tac_toe_3d" as "TicTacToe3D": a letter after no letter is a capital.</summary>
    internal static string Title(string game)
    {
        var title = new StringBuilder();
        for (var i = 0; i < game.Length; i++)
        {
            if (game[i] != '_')
            {
                title.Append(i == 0 || !char.IsAsciiLetter(game[i - 1]) ? char.ToUpperInvariant(game[i]) : game[i]);
            }
        }

        return title.ToString();
    }

    private static string Words(string game) => string.Join(' ', game.Split('_').Select(Title));
}
