using Rapid.Environments.Atari;

namespace Rapid.Cli.Play;

/// <summary>What a television shows of a game at one moment.</summary>
/// <param name="Pixels">[height * 160], indices of <paramref name="Palette"/>; valid until the next picture.</param>
/// <param name="Palette">The colours.</param>
/// <param name="PerSecond">Pictures in a second of the game.</param>
/// <param name="Score">The game's so far.</param>
/// <param name="Lives">Left.</param>
/// <param name="Frame">Emulated frames since the game's start.</param>
internal readonly record struct GamePicture(
    ReadOnlyMemory<byte> Pixels, ArcadePalette Palette, int PerSecond, double Score, int Lives, int Frame)
{
    /// <summary>Pixels in a row.</summary>
    public static int Width => ArcadeConsole.Width;

    /// <summary>Rows.</summary>
    public int Height => Pixels.Length / Width;
}
