using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;

namespace Rapid.Environments.Atari;

/// <summary>Makes tasks of names and options in text form.</summary>
public static class AtariTasks
{
    private const string FirstFrame = "first_frame";

    // Thousands of environments of a process share one image.
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

    /// <summary>Whether a game with this value of obs_type shows frames.</summary>
    public static bool ShowsFrames(string observations) => !"ram".Equals(observations?.Trim(), StringComparison.OrdinalIgnoreCase);

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
        if (!TryDescribe(name, out var game, out var problem))
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
    /// <exception cref="ArgumentException">The game does not know a mode or difficulty, or a number is out of its range.</exception>
    /// <exception cref="FileNotFoundException">The cartridge is missing; the message says where to put it.</exception>
    public static IEnvironment Create(AtariName name, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(options);
        if (!TryDescribe(name, out var game, out var problem))
        {
            throw new ArgumentException(problem, nameof(name));
        }

        var image = Images.GetOrAdd(
            name.Name, _ => AtariName.IsCartridge(name.Name) ? File.ReadAllBytes(name.File!) : RomLibrary.Open().Require(game));
        return new AtariEnvironment(image, game, Read(name.Defaults, options));
    }

    /// <summary>
    /// The game that a name stands for: of the table, of a user's description, or a cartridge that nothing is known about.
    /// </summary>
    private static bool TryDescribe(AtariName name, [NotNullWhen(true)] out GameDescription? game, [NotNullWhen(false)] out string? problem)
    {
        (game, problem) = (null, null);
        try
        {
            game = name.File is null ? GameTable.Find(name.Game)!
                : AtariName.IsDescription(name.File) ? GameTable.Load(name.File)
                : RomReader.LengthOf(name.File) <= RomReader.LargestRom ? GameTable.Unknown(RomReader.Hash(File.ReadAllBytes(name.File)))
                : null;
            problem = game is null ? $"{name.File} is larger than {RomReader.LargestRom} bytes; that is no cartridge" : null;
        }
        catch (Exception error) when (error is GameFormatException or IOException or UnauthorizedAccessException)
        {
            problem = error.Message;
        }

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
