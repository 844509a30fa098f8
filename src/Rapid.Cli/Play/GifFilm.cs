using System.Buffers;
using Rapid.Environments.Rendering.Pictures;

namespace Rapid.Cli.Play;

/// <summary>An animated GIF, written as it grows: memory does not depend on its length.</summary>
/// <param name="path">The file.</param>
/// <param name="remark">What else there is to say when it is made.</param>
internal sealed class GifFilm(string path, string remark = "") : IScreen
{
    // Colours of the first picture and levels of the grid beside them; together they leave one of 256 for "as before".
    private const int OwnColors = 228, GridLevels = 3;

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private byte[] _pixels = [];
    private ColorReducer? _reducer;
    private GifEncoder? _encoder;
    private FileStream? _file;
    private long _pictures;

    /// <inheritdoc/>
    public int PreferredHeight => 320;

    /// <summary>The format allows 50; they would take twice the bytes and look hardly better.</summary>
    public double MostPerSecond => 25;

    /// <inheritdoc/>
    public async Task ShowAsync(Picture picture, CancellationToken stop)
    {
        _encoder ??= Begin(picture);
        if (_reducer is null)
        {
            PictureFrame.Enlarge(picture.Pixels.Span, picture.Width, picture.Scale, _pixels);
        }
        else
        {
            _reducer.Reduce(picture.Pixels.Span, picture.Width, _pixels);
        }

        _encoder.Add(_pixels);
        _pictures++;
        await WriteAsync();
    }

    /// <inheritdoc/>
    public async Task<string?> FinishAsync()
    {
        if (_encoder is null)
        {
            return null;
        }

        _encoder.End();
        await WriteAsync();
        await DisposeAsync();
        return remark + Films.Describe(path, _pictures);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file?.DisposeAsync() ?? default;

    private GifEncoder Begin(Picture picture)
    {
        _file = new FileStream(path, FileMode.Create, FileAccess.Write);
        var (width, height) = (picture.Width * picture.Scale, picture.Height * picture.Scale);
        _pixels = new byte[width * height];
        _reducer = picture.IsIndexed ? null : new ColorReducer(picture.Pixels.Span, OwnColors, GridLevels);
        return new GifEncoder(_buffer, width, height, _reducer is null ? picture.Palette.Span : _reducer.Palette, picture.PerSecond);
    }

    /// <summary>Frames are written whole, whenever the user stops.</summary>
    private async Task WriteAsync()
    {
        await _file!.WriteAsync(_buffer.WrittenMemory, CancellationToken.None);
        _buffer.ResetWrittenCount();
    }
}
