namespace Rapid.Environments.Atari.Arcade;

/// <summary>How a console is played; the defaults are the Arcade Learning Environment's, but for stickiness.</summary>
public sealed record ArcadeSettings
{
    /// <summary>Seed of the sticky actions; the machine itself does not depend on it.</summary>
    public uint RandomSeed { get; init; }

    /// <summary>Emulated frames of one <see cref="ArcadeConsole.Act(int, float)"/>, at least 1.</summary>
    public int FrameSkip { get; init; } = 1;

    /// <summary>Probability, in [0, 1], that a frame takes the action of the frame before. 0.25 is what Machado et al. (2018)
    /// recommend.</summary>
    public float RepeatActionProbability { get; init; } = 0.25f;

    /// <summary>Emulated frames after which an episode is cut off; 0 for never. 108000, half an hour, is usual.</summary>
    public int MaxEpisodeFrames { get; init; }

    /// <summary>The screen is the average of two frames, in colours of the palette.</summary>
    public bool ColorAveraging { get; init; }

    /// <summary>An episode is cut off when a life is lost.</summary>
    public bool TruncateOnLifeLoss { get; init; }

    /// <summary>One of the game's difficulties.</summary>
    public int Difficulty { get; init; }

    /// <summary>One of the game's modes, or null for its default.</summary>
    public int? Mode { get; init; }

    /// <summary>Least reward of an action.</summary>
    public int RewardMin { get; init; } = int.MinValue;

    /// <summary>Largest reward of an action.</summary>
    public int RewardMax { get; init; } = int.MaxValue;

    /// <summary>Least paddle resistance, or null for the usual one.</summary>
    public int? PaddleMin { get; init; }

    /// <summary>Largest paddle resistance, or null for the game's or the usual one.</summary>
    public int? PaddleMax { get; init; }
}
