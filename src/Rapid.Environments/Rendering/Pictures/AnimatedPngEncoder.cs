using System.Buffers.Binary;
using System.IO.Compression;

namespace Rapid.Environments.Rendering.Pictures;

/// <summary>A true-colour film as an animated PNG that repeats for ever (section 11.3.6 of the standard), written frame by frame.</summary>
public sealed class AnimatedPngEncoder
{
    // The rate in thousandths: 41.667 frames a second last 1000 / 41667 s each.
    private const int Precision = 1000;

    private readonly Stream _file;
    private readonly int _width, _height;
    private readonly ushort _numerator, _denominator;
    private readonly long _controlStart;
    private int _sequence, _frames;

    /// <summary>Writes what stands before the first frame.</summary>
    /// <param name="file">Where the film goes; its number of frames is written into the beginning at the end. Not owned.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="framesPerSecond">More than 0, at most 60.</param>
    public AnimatedPngEncoder(Stream file, int width, int height, double framesPerSecond)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNotEqual(file.CanSeek, true);
        ArgumentOutOfRangeException.ThrowIfNotEqual(framesPerSecond is > 0 and <= 60, true);
        (_file, _width, _height) = (file, width, height);
        (_numerator, _denominator) = (Precision, (ushort)Math.Round(framesPerSecond * Precision));
        _file.Write(PngChunks.Signature);
        PngChunks.WriteHeader(_file, width, height, PngChunks.TrueColor);
        _controlStart = _file.Position;
        WriteControl();
    }

    /// <summary>One more frame.</summary>
    /// <param name="rgb">[height * width * 3].</param>
    public void Add(ReadOnlySpan<byte> rgb)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rgb.Length, _width * _height * 3);
        Span<byte> control = stackalloc byte[26];
        BinaryPrimitives.WriteInt32BigEndian(control, _sequence++);
        BinaryPrimitives.WriteInt32BigEndian(control[4..], _width);
        BinaryPrimitives.WriteInt32BigEndian(control[8..], _height);
        BinaryPrimitives.WriteUInt16BigEndian(control[20..], _numerator);
        BinaryPrimitives.WriteUInt16BigEndian(control[22..], _denominator);
        PngChunks.Write(_file, "fcTL"u8, control);
        var pixels = PngPixels.Compress(rgb, _width, CompressionLevel.Optimal);
        if (_frames++ == 0)
        {
            // Programs that know nothing of films show the first frame.
            PngChunks.Write(_file, "IDAT"u8, pixels);
            return;
        }

        var numbered = new byte[4 + pixels.Length];
        BinaryPrimitives.WriteInt32BigEndian(numbered, _sequence++);
        pixels.CopyTo(numbered.AsSpan(4));
        PngChunks.Write(_file, "fdAT"u8, numbered);
    }

    /// <summary>Writes the end of the file and, into its beginning, how many frames there are.</summary>
    public void End()
    {
        PngChunks.Write(_file, "IEND"u8, []);
        var end = _file.Position;
        _file.Position = _controlStart;
        WriteControl();
        _file.Position = end;
    }

    private void WriteControl()
    {
        Span<byte> control = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(control, _frames);
        PngChunks.Write(_file, "acTL"u8, control);
    }
}
