using Rapid.Environments.Rendering;

namespace Rapid.Cli.Play;

/// <summary>What is played, how long, and where it is to be seen.</summary>
/// <param name="Subject">What.</param>
internal sealed record PlayRequest(PlaySubject Subject)
{
    /// <summary>Games or episodes.</summary>
    public int Episodes { get; init; } = 1;

    /// <summary>Actions after which the playing ends.</summary>
    public int? Steps { get; init; }

    /// <summary>Of the starts; null for the run's, else 1.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Whether chance plays, also where there is a policy.</summary>
    public bool IsRandom { get; init; }

    /// <summary>The film's file or folder; null for the terminal.</summary>
    public string? Target { get; init; }

    /// <summary>Folder of cartridges, or null for the usual ones.</summary>
    public string? Roms { get; init; }

    /// <summary>Rows of a picture that is drawn; null for what suits the film.</summary>
    public int? Height { get; init; }

    /// <summary>Of physics scenes; null for what suits the film.</summary>
    public RenderQuality? Quality { get; init; }
}
