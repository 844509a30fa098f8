namespace Rapid.Cli.Play;

/// <summary>What is to be seen of an episode at one moment.</summary>
/// <param name="Pixels">
/// [height * width], indices of <paramref name="Palette"/>, or [height * width * 3], red, green and blue, where there is none; valid
/// until the next picture.
/// </param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Palette">0xRRGGBB; empty where pixels are colours.</param>
/// <param name="PerSecond">Pictures that make a second.</param>
/// <param name="AspectRatio">Width by height as it is meant to be seen; the pixels of a game are no squares.</param>
/// <param name="Status">How the episode goes: "score 3   lives 2".</param>
internal readonly record struct Picture(
    ReadOnlyMemory<byte> Pixels, int Width, ReadOnlyMemory<uint> Palette, double PerSecond, double AspectRatio, string Status)
{
    /// <summary>Whether pixels are indices.</summary>
    public bool IsIndexed => Palette.Length > 0;

    /// <summary>Rows.</summary>
    public int Height => Pixels.Length / Width / (IsIndexed ? 1 : 3);

    /// <summary>Pixels of a film or file for each of these, both ways: a game's are few.</summary>
    public int Scale => IsIndexed ? 2 : 1;
}
