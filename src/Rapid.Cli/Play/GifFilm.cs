using System.Buffers;
using Rapid.Environments.Atari.Pictures;

namespace Rapid.Cli.Play;

/// <summary>An animated GIF, written as it grows: memory does not depend on its length.</summary>
internal sealed class GifFilm(string path) : IScreen
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private byte[] _enlarged = [];
    private GifEncoder? _encoder;
    private FileStream? _file;
    private long _pictures;

    /// <inheritdoc/>
    public async Task ShowAsync(GamePicture picture, CancellationToken stop)
    {
        if (_encoder is null)
        {
            const int Scale = Films.Scale;
            _file = new FileStream(path, FileMode.Create, FileAccess.Write);
            _enlarged = new byte[picture.Pixels.Length * Scale * Scale];
            _encoder = new GifEncoder(
                _buffer, GamePicture.Width * Scale, picture.Height * Scale, picture.Palette.Rgb.Span, picture.PerSecond);
        }

        PictureFrame.Enlarge(picture.Pixels.Span, GamePicture.Width, Films.Scale, _enlarged);
        _encoder.Add(_enlarged);
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
        return Films.Describe(path, _pictures);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file?.DisposeAsync() ?? default;

    /// <summary>Frames are written whole, whenever the user stops.</summary>
    private async Task WriteAsync()
    {
        await _file!.WriteAsync(_buffer.WrittenMemory, CancellationToken.None);
        _buffer.ResetWrittenCount();
    }
}
