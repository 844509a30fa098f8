using System.Globalization;
using Rapid.Environments.Atari.Pictures;

namespace Rapid.Cli.Play;

/// <summary>Chooses by a file's name how a game is filmed.</summary>
internal static class Films
{
    /// <summary>Screen pixels for each of the game's, both ways.</summary>
    public const int Scale = 2;

    private const string Allowed = "allowed: .gif, .mp4, .webm (a film), .png (the last picture), a folder (numbered .png files)";

    /// <summary>A film that is not begun; nothing is written yet.</summary>
    /// <param name="path">What --out says.</param>
    /// <exception cref="CliException">It cannot be written, or not in this format.</exception>
    public static IScreen Create(string path)
    {
        var full = Path.GetFullPath(path);
        var isFolder = Directory.Exists(full) || Path.EndsInDirectorySeparator(path) || Path.GetExtension(path).Length == 0;
        if (!isFolder && Path.GetDirectoryName(full) is { } parent && !Directory.Exists(parent))
        {
            throw new CliException($"--out: there is no folder {parent}", ExitCode.BadInput);
        }

        return isFolder ? new PictureFolder(full) : Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".gif" => new GifFilm(full),
            ".png" => new LastPicture(full),
            ".mp4" or ".webm" => new VideoFilm(full),
            var other => throw new CliException($"--out: '{other}' is no format of pictures or films; {Allowed}", ExitCode.BadInput),
        };
    }

    /// <summary>A picture as PNG, enlarged.</summary>
    public static byte[] ToPng(GamePicture picture)
    {
        var pixels = new byte[picture.Pixels.Length * Scale * Scale];
        PictureFrame.Enlarge(picture.Pixels.Span, GamePicture.Width, Scale, pixels);
        return PngEncoder.Encode(pixels, GamePicture.Width * Scale, picture.Palette.Rgb.Span);
    }

    /// <summary>"wrote duel.gif: 300 pictures, 812 KiB".</summary>
    public static string Describe(string path, long pictures) => string.Create(
        CultureInfo.InvariantCulture,
        $"wrote {path}: {pictures} picture{(pictures == 1 ? "" : "s")}, {(new FileInfo(path).Length + 1023) / 1024} KiB");
}
