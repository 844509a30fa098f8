using System.Diagnostics;
using System.Globalization;
using Rapid.Cli.Terminal;
using Rapid.Environments.Atari.Pixels;

namespace Rapid.Cli.Play;

/// <summary>A film in a format of the program ffmpeg, which is given the pictures as they are played.</summary>
internal sealed class VideoFilm : IScreen
{
    /// <summary>Its name.</summary>
    public const string Program = "ffmpeg";

    private readonly string _path, _program;
    private byte[] _rgb = [];
    private Process? _process;
    private Task<string> _complaints = Task.FromResult("");
    private long _pictures;

    /// <param name="path">Its extension says the format.</param>
    /// <param name="program">Where ffmpeg is.</param>
    public VideoFilm(string path, string program) => (_path, _program) = (path, program);

    /// <inheritdoc/>
    public int PreferredHeight => 480;

    /// <inheritdoc/>
    public double MostPerSecond => 60;

    /// <summary>Where ffmpeg is, or null when it is not installed.</summary>
    public static string? FindProgram() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, Program))
        .FirstOrDefault(File.Exists);

    /// <inheritdoc/>
    public async Task ShowAsync(Picture picture, CancellationToken stop)
    {
        if (_process is null)
        {
            Start(picture);
        }

        if (picture.IsIndexed)
        {
            ColorFrames.Convert(picture.Pixels.Span, picture.Palette.Span, _rgb);
        }

        try
        {
            await _process!.StandardInput.BaseStream.WriteAsync(picture.IsIndexed ? _rgb : picture.Pixels, CancellationToken.None);
            _pictures++;
        }
        catch (IOException)
        {
            // It has ended by itself: what it says of that is the error.
            throw new CliException($"{Program} failed: {await _complaints}");
        }
    }

    /// <inheritdoc/>
    public async Task<string?> FinishAsync()
    {
        if (_process is null)
        {
            return null;
        }

        _process.StandardInput.Close();
        var complaints = await _complaints;
        await _process.WaitForExitAsync();
        return _process.ExitCode == 0
            ? Films.Describe(_path, _pictures)
            : throw new CliException($"{Program} failed: {complaints}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
        }

        _process?.Dispose();
        return default;
    }

    private void Start(Picture picture)
    {
        _rgb = picture.IsIndexed ? new byte[picture.Pixels.Length * 3] : [];
        var size = string.Create(CultureInfo.InvariantCulture, $"{picture.Width}x{picture.Height}");
        var scale = string.Create(
            CultureInfo.InvariantCulture, $"scale=iw*{picture.Scale}:ih*{picture.Scale}:flags=neighbor,format=yuv420p");
        string[] arguments =
        [
            "-y", "-loglevel", "error", "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", size,
            "-framerate", picture.PerSecond.ToString(CultureInfo.InvariantCulture), "-i", "-", "-vf", scale, _path,
        ];
        _process = Process.Start(new ProcessStartInfo(_program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        })!;
        _complaints = _process.StandardError.ReadToEndAsync();
    }
}
