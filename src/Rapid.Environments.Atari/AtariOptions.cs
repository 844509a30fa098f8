using Rapid.Core;

namespace Rapid.Environments.Atari;

/// <summary>What policies see of a game.</summary>
public enum AtariObservations
{
    /// <summary>Small frames of grey levels.</summary>
    Grayscale,
    /// <summary>Small frames of red, green and blue, one plane after the other.</summary>
    Rgb,
    /// <summary>The 128 bytes of the console's memory after the last frame, as numbers 0..255; no frame is drawn.</summary>
    Ram,
}

/// <summary>
/// How a game is made a task: what lies between the console and a policy. Defaults are the constants that deep reinforcement learning has
/// used since Mnih et al. (2015), in the order of OpenAI baselines' wrappers.
/// </summary>
public sealed record AtariOptions
{
    /// <summary>Frames that an action is held, at least.</summary>
    public int LeastFrameSkip { get; init; } = 4;

    /// <summary>Frames that an action is held, at most; drawn uniformly for each step when it is more than the least.</summary>
    public int MostFrameSkip { get; init; } = 4;

    /// <summary>Chance, each frame, that the action before is played again (sticky actions).</summary>
    public float RepeatActionProbability { get; init; }

    /// <summary>Actions "nothing" at the start of a game: 1 to this many, drawn uniformly; 0 for none.</summary>
    public int NoopMax { get; init; } = 30;

    /// <summary>The maximum of the last two frames instead of the last one.</summary>
    public bool MaxPool { get; init; } = true;

    /// <summary>A lost life is an end for learning, though the game goes on.</summary>
    public bool EpisodicLife { get; init; } = true;

    /// <summary>Presses fire, then the action after it, where a game waits for the player.</summary>
    public bool FireReset { get; init; } = true;

    /// <summary>Rewards are learned from as -1, 0 or 1.</summary>
    public bool ClipRewards { get; init; } = true;

    /// <summary>All eighteen actions instead of those that do something in the game.</summary>
    public bool FullActionSpace { get; init; }

    /// <summary>The console is switched on anew for every game, so that nothing is left of the games before.</summary>
    public bool PowerCycle { get; init; }

    /// <summary>What an observation is made of.</summary>
    public AtariObservations Observations { get; init; } = AtariObservations.Grayscale;

    /// <summary>Rows and columns of a frame.</summary>
    public int ScreenSize { get; init; } = 84;

    /// <summary>Frames that a policy sees at once.</summary>
    public int FrameStack { get; init; } = 4;

    /// <summary>What it sees before the first.</summary>
    public StackPadding StackPadding { get; init; } = StackPadding.Zeros;

    /// <summary>The game's mode; null for its default.</summary>
    public int? Mode { get; init; }

    /// <summary>The game's difficulty.</summary>
    public int Difficulty { get; init; }

    /// <summary>Frames after which a game is cut; 0 for never.</summary>
    public int MaxFrames { get; init; } = 108_000;
}
