using Rapid.Environments.Atari.Pixels;
using Rapid.Environments.Rendering.Pictures;

namespace Rapid.Cli.Play;

/// <summary>An animated PNG in true colour.</summary>
internal sealed class AnimatedPngFilm(string path) : IScreen
{
    private byte[] _rgb = [];
    private AnimatedPngEncoder? _encoder;
    private FileStream? _file;
    private long _pictures;

    /// <inheritdoc/>
    public int PreferredHeight => 320;

    /// <inheritdoc/>
    public double MostPerSecond => 25;

    /// <inheritdoc/>
    public Task ShowAsync(Picture picture, CancellationToken stop)
    {
        if (_encoder is null)
        {
            _file = new FileStream(path, FileMode.Create, FileAccess.Write);
            _encoder = new AnimatedPngEncoder(_file, picture.Width, picture.Height, picture.PerSecond);
            _rgb = new byte[picture.Width * picture.Height * 3];
        }

        if (picture.IsIndexed)
        {
            ColorFrames.Convert(picture.Pixels.Span, picture.Palette.Span, _rgb);
        }

        _encoder.Add(picture.IsIndexed ? _rgb : picture.Pixels.Span);
        _pictures++;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<string?> FinishAsync()
    {
        if (_encoder is null)
        {
            return null;
        }

        _encoder.End();
        await DisposeAsync();
        return Films.Describe(path, _pictures);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file?.DisposeAsync() ?? default;
}
