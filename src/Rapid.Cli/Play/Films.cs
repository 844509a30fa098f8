using System.Globalization;
using Rapid.Cli.Terminal;
using Rapid.Environments.Atari.Pixels;
using Rapid.Environments.Rendering.Pictures;

namespace Rapid.Cli.Play;

/// <summary>Chooses by a file's name how an episode is filmed.</summary>
internal static class Films
{
    private const string Allowed =
        "allowed: .gif, .mp4, .webm (a film), .png (the last picture), a folder (numbered .png files)";

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
            ".mp4" or ".webm" => VideoFilm.FindProgram() is { } program ? new VideoFilm(full, program) : InsteadOfVideo(full),
            var other => throw new CliException($"--out: '{other}' is no format of pictures or films; {Allowed}", ExitCode.BadInput),
        };
    }

    /// <summary>A picture as PNG, enlarged.</summary>
    public static byte[] ToPng(Picture picture)
    {
        if (!picture.IsIndexed)
        {
            return Png.Encode(picture.Pixels.Span, picture.Width);
        }

        var pixels = new byte[picture.Pixels.Length * picture.Scale * picture.Scale];
        PictureFrame.Enlarge(picture.Pixels.Span, picture.Width, picture.Scale, pixels);
        var rgb = new byte[pixels.Length * 3];
        ColorFrames.Convert(pixels, picture.Palette.Span, rgb);
        return Png.Encode(rgb, picture.Width * picture.Scale);
    }

    /// <summary>"wrote duel.gif: 300 pictures, 812 KiB".</summary>
    public static string Describe(string path, long pictures) => string.Create(
        CultureInfo.InvariantCulture,
        $"wrote {path}: {pictures} picture{(pictures == 1 ? "" : "s")}, {(new FileInfo(path).Length + 1023) / 1024} KiB");

    /// <summary>A GIF of the same name, which needs nothing; a file that the user has not named is not written over.</summary>
    private static GifFilm InsteadOfVideo(string path)
    {
        var (gif, format) = (Path.ChangeExtension(path, ".gif"), Path.GetExtension(path));
        var reason = $"{format} films are made by {VideoFilm.Program}, which is not installed";
        return File.Exists(gif)
            ? throw new CliException(
                $"--out: {reason}, and {gif} is there already; name another .gif, which needs nothing", ExitCode.BadInput)
            : new GifFilm(gif, $"{reason}: this is a GIF. ");
    }
}
