namespace Rapid.Environments.Atari.Games;

/// <summary>What is plugged into a port of the console.</summary>
public enum Controller
{
    /// <summary>A joystick, also for games that leave the port empty.</summary>
    Joystick,

    /// <summary>A pair of paddles.</summary>
    Paddles,
}

/// <summary>The television that a cartridge's pictures are for.</summary>
public enum TelevisionStandard
{
    /// <summary>NTSC or PAL, by the number of lines that the program makes.</summary>
    Detected,

    /// <summary>262 lines, 60 times a second, 128 colours.</summary>
    Ntsc,

    /// <summary>312 lines, 50 times a second, 104 colours, which an odd number of lines turns grey.</summary>
    Pal,

    /// <summary>312 lines, 50 times a second, eight colours.</summary>
    Secam,
}

/// <summary>How the console is set up for a cartridge; the defaults hold for most games.</summary>
public sealed record ConsoleProperties
{
    /// <summary>First line of the screen, counted from the start of the frame.</summary>
    public int FirstLine { get; init; } = 34;

    /// <summary>Lines of the screen; the default becomes 250 for a PAL or SECAM cartridge.</summary>
    public int Height { get; init; } = 210;

    /// <summary>The television; what is stated is not looked for.</summary>
    public TelevisionStandard Television { get; init; }

    /// <summary>Left port.</summary>
    public Controller Left { get; init; }

    /// <summary>Right port.</summary>
    public Controller Right { get; init; }

    /// <summary>The first player's controller is in the right port.</summary>
    public bool SwapPorts { get; init; }

    /// <summary>The two paddles of a pair are exchanged.</summary>
    public bool SwapPaddles { get; init; }

    /// <summary>A late HMOVE blanks the first eight pixels of a line, as the chip does.</summary>
    public bool HmoveBlanks { get; init; } = true;

    /// <summary>The left difficulty switch is at A before any difficulty is chosen.</summary>
    public bool LeftDifficultyA { get; init; }

    /// <summary>The right difficulty switch is at A before any difficulty is chosen.</summary>
    public bool RightDifficultyA { get; init; }

    /// <summary>Largest paddle resistance, or null for the default.</summary>
    public int? PaddleMaximum { get; init; }
}

/// <summary>A starting action and for how many frames it is held.</summary>
/// <param name="Action">0..17, or 40 for the console's RESET.</param>
/// <param name="Frames">At least 1.</param>
public readonly record struct StartingAction(int Action, int Frames);

/// <summary>Everything about a game but its program.</summary>
public sealed record GameDescription
{
    /// <summary>Snake case, for example "space_invaders".</summary>
    public required string Id { get; init; }

    /// <summary>Of the supported cartridge, lower-case hexadecimal; empty for a generic game.</summary>
    public string Md5 { get; init; } = "";

    /// <summary>Actions that do something in this game, ascending.</summary>
    public required IReadOnlyList<int> MinimalActions { get; init; }

    /// <summary>Actions that the game takes, ascending; others become 0.</summary>
    public required IReadOnlyList<int> LegalActions { get; init; }

    /// <summary>Played at the end of the reset procedure.</summary>
    public IReadOnlyList<StartingAction> StartingActions { get; init; } = [];

    /// <summary>Modes that can be selected.</summary>
    public IReadOnlyList<int> Modes { get; init; } = [0];

    /// <summary>Mode at construction.</summary>
    public int DefaultMode { get; init; }

    /// <summary>Difficulties that the game knows.</summary>
    public IReadOnlyList<int> Difficulties { get; init; } = [0];

    /// <summary>Set-up of the console.</summary>
    public ConsoleProperties Properties { get; init; } = new();

    /// <summary>Makes the rules for one console.</summary>
    public required Func<GameRules> CreateRules { get; init; }
}
