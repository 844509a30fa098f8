using System.Diagnostics;
using System.Globalization;
using Rapid.Environments.Atari.Pixels;

namespace Rapid.Cli.Play;

/// <summary>A film in a format of the program ffmpeg, which is given the pictures as they are played.</summary>
internal sealed class VideoFilm : IScreen
{
    private const string Encoder = "ffmpeg";

    private readonly string _path, _program;
    private byte[] _rgb = [];
    private Process? _process;
    private Task<string> _complaints = Task.FromResult("");
    private long _pictures;

    /// <param name="path">Its extension says the format.</param>
    /// <exception cref="CliException">ffmpeg is not installed.</exception>
    public VideoFilm(string path)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        _program = folders.Select(folder => Path.Combine(folder, Encoder)).FirstOrDefault(File.Exists) ?? throw new CliException(
            $"--out: {Path.GetExtension(path)} films are made by {Encoder}, which is not installed; "
            + "a .gif, a .png or a folder needs nothing",
            ExitCode.BadInput);
        _path = path;
    }

    /// <inheritdoc/>
    public async Task ShowAsync(GamePicture picture, CancellationToken stop)
    {
        if (_process is null)
        {
            Start(picture);
        }

        ColorFrames.Convert(picture.Pixels.Span, picture.Palette.Rgb.Span, _rgb);
        try
        {
            await _process!.StandardInput.BaseStream.WriteAsync(_rgb, CancellationToken.None);
            _pictures++;
        }
        catch (IOException)
        {
            // It has ended by itself: what it says of that is the error.
            throw new CliException($"{Encoder} failed: {await _complaints}");
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
            : throw new CliException($"{Encoder} failed: {complaints}");
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

    private void Start(GamePicture picture)
    {
        _rgb = new byte[picture.Pixels.Length * 3];
        var size = string.Create(CultureInfo.InvariantCulture, $"{GamePicture.Width}x{picture.Height}");
        var scale = string.Create(CultureInfo.InvariantCulture, $"scale=iw*{Films.Scale}:ih*{Films.Scale}:flags=neighbor,format=yuv420p");
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
