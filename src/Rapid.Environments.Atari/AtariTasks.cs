using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Rapid.Core;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine.Cartridges;
using Rapid.Environments.Atari.Roms;

namespace Rapid.Environments.Atari;

/// <summary>Makes tasks of names and options in text form.</summary>
public static class AtariTasks
{
    private const string FirstFrame = "first_frame";

    // By MD5: thousands of environments of a process share one image, and a changed file is another one.
    private static readonly ConcurrentDictionary<string, byte[]> Images = [];

    /// <summary>
    /// Names of the options and what they take. Defaults are those of <see cref="AtariOptions"/> and of the name's family.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Options { get; } = new Dictionary<string, string>
    {
        ["frame_skip"] = "a whole number of frames that an action is held (4)",
        ["repeat_action_probability"] = "a number, 0 to 1: the chance that the action before is played again",
        ["noop_max"] = "a whole number: a game starts with 1 to so many actions that do nothing (30), 0 for none",
        ["max_pool"] = "true or false: the maximum of the last two frames (true)",
        ["episodic_life"] = "true or false: a lost life is an end for learning (true)",
        ["fire_reset"] = "true or false: fire where a game waits for it (true)",
        ["clip_rewards"] = "true or false: learn from -1, 0, 1 (true)",
        ["full_action_space"] = "true or false: all 18 actions (false)",
        ["power_cycle"] = "true or false: the console is switched on anew for every game (false)",
        ["obs_type"] = "grayscale, rgb or ram: what a policy sees, grey frames, frames in colour or the console's 128 bytes (grayscale)",
        ["screen_size"] = "a whole number of rows and columns, 36 to 160 (84)",
        ["frame_stack"] = "a whole number of frames that a policy sees, 1 to 16 (4)",
        ["stack_padding"] = "zeros or first_frame: what a policy sees before the first frame (zeros)",
        ["mode"] = "a whole number, one of the game's modes",
        ["difficulty"] = "a whole number, one of the game's difficulties",
        ["max_frames"] = "a whole number of frames a game (108000), 0 for no limit",
    };

    /// <summary>Why values that are well-formed do not suit the game, one text each.</summary>
    public static IEnumerable<(string Option, string Problem)> Check(AtariName name, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(name);
        AtariOptions read;
        try
        {
            read = Read(name.Defaults, options);
        }
        catch (ArgumentException error)
        {
            var colon = error.Message.IndexOf(": ", StringComparison.Ordinal);
            return [(error.Message[..colon], error.Message[(colon + 2)..])];
        }

        List<(string, string)> problems = [];
        if (!TryDescribe(name, out var game, out _, out var problem))
        {
            return [("name", problem)];
        }

        Allow("mode", read.Mode ?? game.DefaultMode, game.Modes);
        Allow("difficulty", read.Difficulty, game.Difficulties);
        return problems;

        void Allow(string option, int value, IReadOnlyList<int> allowed)
        {
            if (!allowed.Contains(value))
            {
                problems.Add((option, $"{value} is unknown to {name.Game}; allowed: {string.Join(", ", allowed)}"));
            }
        }
    }

    /// <summary>Makes a task without a limit of steps.</summary>
    /// <param name="name">The game and its family's defaults.</param>
    /// <param name="options">Values of <see cref="Options"/>.</param>
    /// <param name="roms">A folder that is searched for the cartridge before the usual ones, or null.</param>
    /// <exception cref="ArgumentException">The game does not know a mode or difficulty, or a number is out of its range.</exception>
    /// <exception cref="FileNotFoundException">The cartridge is missing; the message says where to put it.</exception>
    public static IEnvironment Create(AtariName name, IReadOnlyDictionary<string, string> options, string? roms = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(options);
        if (!TryDescribe(name, out var game, out var image, out var problem))
        {
            throw new ArgumentException(problem, nameof(name));
        }

        var shared = Images.GetOrAdd(game.Md5, _ => image ?? RomLibrary.Open(roms).Require(game));
        return new AtariEnvironment(shared, game, Read(name.Defaults, options));
    }

    /// <summary>
    /// Id of the game of the table that a name stands for, also by the path of its cartridge; null for a game that a user describes, whose
    /// rules may be others, and for a cartridge that Rapid does not know.
    /// </summary>
    public static string? KnownGame(AtariName name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.File is null ? name.Game
            : AtariName.IsCartridge(name.File) && TryDescribe(name, out var game, out _, out _) ? GameTable.FindByMd5(game.Md5)?.Id
            : null;
    }

    /// <summary>What who plays a cartridge by its path should know when Rapid does not know it, else null.</summary>
    internal static string? NoteOf(AtariName name) =>
        name.File is { } file && AtariName.IsCartridge(file) && TryDescribe(name, out var game, out _, out _)
            && GameTable.FindByMd5(game.Md5) is null
            ? $"{file} is no cartridge that Rapid knows (MD5 {game.Md5}): it has all 18 actions, no reward and no end; "
                + "a description gives it some (docs/atari-games.md)"
            : null;

    /// <summary>
    /// The game that a name stands for: of the table, of a user's description, of the cartridge at a path, or one that nothing is known
    /// about. The MD5 alone says which cartridge is which, never what a file is called.
    /// </summary>
    private static bool TryDescribe(
        AtariName name, [NotNullWhen(true)] out GameDescription? game, out byte[]? image, [NotNullWhen(false)] out string? problem)
    {
        (game, image, problem) = (null, null, null);
        try
        {
            if (name.File is null)
            {
                game = GameTable.Find(name.Game)!;
            }
            else if (AtariName.IsDescription(name.File))
            {
                game = GameTable.Load(name.File);
                problem = game.Md5.Length > 0 ? null
                    : $"{name.File} does not say which cartridge it is for; add 'md5: ' with the MD5 of the cartridge ('md5sum FILE')";
            }
            else if (RomReader.LengthOf(name.File) <= RomReader.LargestRom)
            {
                image = File.ReadAllBytes(name.File);
                CartridgeFactory.Create(image);
                game = GameTable.FindByMd5(RomReader.Hash(image)) ?? GameTable.Unknown(RomReader.Hash(image));
            }
            else
            {
                problem = $"{name.File} is larger than {RomReader.LargestRom} bytes; that is no cartridge";
            }
        }
        catch (ArgumentException error)
        {
            problem = $"{name.File}: {error.Message}";
        }
        catch (Exception error) when (error is GameFormatException or IOException or UnauthorizedAccessException)
        {
            problem = error.Message;
        }

        game = problem is null ? game : null;
        return game is not null;
    }

    /// <summary>Steps of the longest game: the console counts frames, and of how many a step is made the options say.</summary>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public static int LongestEpisode(AtariDefaults defaults, IReadOnlyDictionary<string, string> options)
    {
        var read = Read(defaults, options);
        return read.MaxFrames == 0 ? int.MaxValue : (int)(((long)read.MaxFrames + read.LeastFrameSkip - 1) / read.LeastFrameSkip);
    }

    /// <summary>Options of a task.</summary>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public static AtariOptions Read(AtariDefaults defaults, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var standard = new AtariOptions();

        // Wrappers hold an action for four frames where the name itself holds it for one.
        var (least, most) = defaults.MostFrameSkip == 1 ? (standard.LeastFrameSkip, standard.MostFrameSkip)
            : (defaults.LeastFrameSkip, defaults.MostFrameSkip);
        if (options.ContainsKey("frame_skip"))
        {
            least = most = Whole("frame_skip", 0, 1, 1000);
        }

        return new AtariOptions
        {
            LeastFrameSkip = least,
            MostFrameSkip = most,
            RepeatActionProbability = Probability("repeat_action_probability", defaults.RepeatActionProbability),
            NoopMax = Whole("noop_max", standard.NoopMax, 0, 10_000),
            MaxPool = Flag("max_pool", standard.MaxPool),
            EpisodicLife = Flag("episodic_life", standard.EpisodicLife),
            FireReset = Flag("fire_reset", standard.FireReset),
            ClipRewards = Flag("clip_rewards", standard.ClipRewards),
            FullActionSpace = Flag("full_action_space", defaults.FullActionSpace),
            PowerCycle = Flag("power_cycle", standard.PowerCycle),
            Observations = options.TryGetValue("obs_type", out var type)
                ? Enum.Parse<AtariObservations>(type.Trim(), ignoreCase: true)
                : AtariObservations.Grayscale,
            ScreenSize = Whole("screen_size", standard.ScreenSize, 36, 160),
            FrameStack = Whole("frame_stack", standard.FrameStack, 1, 16),
            StackPadding = FirstFrame.Equals(options.GetValueOrDefault("stack_padding")?.Trim(), StringComparison.OrdinalIgnoreCase)
                ? StackPadding.FirstFrame
                : StackPadding.Zeros,
            Mode = options.ContainsKey("mode") ? Whole("mode", 0, 0, 255) : null,
            Difficulty = Whole("difficulty", standard.Difficulty, 0, 255),
            MaxFrames = Whole("max_frames", defaults.MaximumFrames, 0, int.MaxValue),
        };

        bool Flag(string option, bool fallback) =>
            options.TryGetValue(option, out var text) && NumberReader.TryReadFlag(text, out var value) ? value : fallback;

        int Whole(string option, int fallback, int low, int high)
        {
            var value = options.TryGetValue(option, out var text) ? NumberReader.ReadWhole(text) : fallback;
            return value >= low && value <= high
                ? (int)value
                : throw new ArgumentException($"{option}: {value} is out of range {low}..{high}");
        }

        float Probability(string option, float fallback)
        {
            var value = options.TryGetValue(option, out var text) ? (float)NumberReader.ReadReal(text) : fallback;
            return value is >= 0 and <= 1 ? value : throw new ArgumentException($"{option}: {text} is out of range [0, 1]");
        }
    }
}
