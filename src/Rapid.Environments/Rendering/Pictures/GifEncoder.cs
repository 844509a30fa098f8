using System.Buffers;
using System.Buffers.Binary;

namespace Rapid.Environments.Rendering.Pictures;

/// <summary>
/// A film of palette indices as an animated GIF that repeats for ever (CompuServe, GIF89a). Of each frame only what changed is
/// written, and a frame like the one before only lasts longer.
/// </summary>
public sealed class GifEncoder
{
    private const int ColorBits = 8, Colors = 1 << ColorBits, MostDelay = ushort.MaxValue;
    private const byte Extension = 0x21, GraphicControl = 0xF9, Application = 0xFF, Image = 0x2C, Trailer = 0x3B;
    private const byte HasPalette = 0x80, KeepWhatIsShown = 1 << 2, HasTransparent = 1;

    private readonly IBufferWriter<byte> _output;
    private readonly LzwEncoder _lzw;
    private readonly int _width;
    private readonly double _framesPerSecond;
    private readonly byte[] _ownIndex = new byte[Colors];
    private readonly byte[] _shown, _change;
    private readonly int? _transparent;
    private byte[] _waiting, _next;
    private long _frames, _begun;

    /// <summary>Writes what stands before the first frame.</summary>
    /// <param name="output">Where the file goes, as it grows.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="palette">At most 256 colours, 0xRRGGBB.</param>
    /// <param name="framesPerSecond">More than 0, at most 50; more is played slower by most programs.</param>
    public GifEncoder(IBufferWriter<byte> output, int width, int height, ReadOnlySpan<uint> palette, double framesPerSecond)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfNotEqual(width is > 0 and <= ushort.MaxValue && height is > 0 and <= ushort.MaxValue, true);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(palette.Length, Colors);
        ArgumentOutOfRangeException.ThrowIfNotEqual(framesPerSecond is > 0 and <= 50, true);
        (_output, _lzw, _width, _framesPerSecond) = (output, new LzwEncoder(output), width, framesPerSecond);
        var size = width * height;
        (_shown, _change, _waiting, _next) = (new byte[size], new byte[size], new byte[size], new byte[size]);

        // Equal colours share an index: this leaves one for "as before", which repeats well.
        List<uint> colors = [];
        for (var i = 0; i < palette.Length; i++)
        {
            var known = colors.IndexOf(palette[i]);
            _ownIndex[i] = (byte)(known < 0 ? colors.Count : known);
            if (known < 0)
            {
                colors.Add(palette[i]);
            }
        }

        _transparent = colors.Count < Colors ? colors.Count : null;
        _output.Write("GIF89a"u8);
        WriteNumbers(width, height);
        _output.Write<byte>([HasPalette | (ColorBits - 1), 0, 0]);
        for (var i = 0; i < Colors; i++)
        {
            var color = i < colors.Count ? colors[i] : 0;
            _output.Write<byte>([(byte)(color >> 16), (byte)(color >> 8), (byte)color]);
        }

        // The extension that asks for repetition, 0 times: without end.
        _output.Write<byte>([Extension, Application, 11]);
        _output.Write("NETSCAPE2.0"u8);
        _output.Write<byte>([3, 1, 0, 0, 0]);
    }

    /// <summary>One more frame.</summary>
    /// <param name="pixels">[height * width], indices of the palette.</param>
    public void Add(ReadOnlySpan<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(pixels.Length, _next.Length);
        for (var i = 0; i < pixels.Length; i++)
        {
            _next[i] = _ownIndex[pixels[i]];
        }

        if (_frames > 0 && (DelayUntil(_frames + 1) > MostDelay || !_next.AsSpan().SequenceEqual(_waiting)))
        {
            WriteWaiting();
        }

        (_next, _waiting) = (_waiting, _next);
        _frames++;
    }

    /// <summary>Writes the last frame and the end of the file.</summary>
    public void End()
    {
        if (_frames > 0)
        {
            WriteWaiting();
        }

        _output.Write<byte>([Trailer]);
    }

    /// <summary>Hundredths of a second that the waiting frame lasts; rounded so that a film of any length keeps its rate.</summary>
    private long DelayUntil(long frame) => HundredthsOf(frame) - HundredthsOf(_begun);

    private long HundredthsOf(long frames) => (long)Math.Round(frames * 100 / _framesPerSecond, MidpointRounding.AwayFromZero);

    private void WriteWaiting()
    {
        var isFirst = _begun == 0;
        var (left, top, right, bottom) = isFirst ? (0, 0, _width, _waiting.Length / _width) : Changed();
        var transparent = isFirst ? null : _transparent;
        var size = 0;
        for (var y = top; y < bottom; y++)
        {
            for (var i = (y * _width) + left; i < (y * _width) + right; i++)
            {
                _change[size++] = transparent is { } index && _waiting[i] == _shown[i] ? (byte)index : _waiting[i];
            }
        }

        _output.Write<byte>([Extension, GraphicControl, 4, (byte)(KeepWhatIsShown | (transparent is null ? 0 : HasTransparent))]);
        WriteNumbers((int)Math.Min(DelayUntil(_frames), MostDelay));
        _output.Write<byte>([(byte)(transparent ?? 0), 0, Image]);
        WriteNumbers(left, top, right - left, bottom - top);
        _output.Write<byte>([0]);
        _lzw.Encode(_change.AsSpan(0, size));
        _waiting.CopyTo(_shown, 0);
        _begun = _frames;
    }

    /// <summary>The smallest rectangle with all that is new; one pixel where nothing is.</summary>
    private (int Left, int Top, int Right, int Bottom) Changed()
    {
        var (left, top, right, bottom) = (_width, -1, 0, 0);
        for (int y = 0, start = 0; start < _waiting.Length; y++, start += _width)
        {
            ReadOnlySpan<byte> row = _waiting.AsSpan(start, _width), old = _shown.AsSpan(start, _width);
            var same = row.CommonPrefixLength(old);
            if (same == _width)
            {
                continue;
            }

            var end = _width;
            while (row[end - 1] == old[end - 1])
            {
                end--;
            }

            (left, right) = (Math.Min(left, same), Math.Max(right, end));
            (top, bottom) = (top < 0 ? y : top, y + 1);
        }

        return top < 0 ? (0, 0, 1, 1) : (left, top, right, bottom);
    }

    private void WriteNumbers(params ReadOnlySpan<int> numbers)
    {
        foreach (var number in numbers)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_output.GetSpan(sizeof(ushort)), (ushort)number);
            _output.Advance(sizeof(ushort));
        }
    }
}
