using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Rapid.Environments.Atari.Arcade;

namespace Rapid.Environments.Atari.Pixels;

/// <summary>
/// The observation of pixel policies: maximum of two frames in grey, resized by area, straight from palette indices. Equal to OpenCV's
/// INTER_AREA to the last bit: sums are integers, and only where the result lies within float error of a half is OpenCV's float32
/// arithmetic repeated. Immutable and without state, so that one instance serves every environment, on any thread.
/// </summary>
public sealed class FrameResizer
{
    /// <summary>Width of a frame of the console.</summary>
    public const int SourceWidth = ArcadeConsole.Width;

    private const int Lanes = 16, Half = 4, Group = 8, Padding = 16;

    private readonly GrayTable _grays;
    private readonly AreaAxis _x, _y;
    private readonly float _scale, _halfway;
    private readonly int[] _columns = [];
    private readonly Vector256<byte>[] _shuffles = [];
    private readonly Vector256<short>[] _weights = [];

    /// <summary>Prepares the weights of one size.</summary>
    /// <param name="grays">Grey levels of the palette and how two frames are pooled.</param>
    /// <param name="sourceHeight">Lines of a frame, 1..312.</param>
    /// <param name="width">Columns of the result, 1..160.</param>
    /// <param name="height">Lines of the result, at most those of a frame.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is outside its range.</exception>
    public FrameResizer(GrayTable grays, int sourceHeight = 210, int width = 84, int height = 84)
        : this(grays, sourceHeight, width, height, vector: true)
    {
    }

    internal FrameResizer(GrayTable grays, int sourceHeight, int width, int height, bool vector)
    {
        if (sourceHeight is < 1 or > 312)
        {
            throw new ArgumentOutOfRangeException(nameof(sourceHeight), sourceHeight, "a frame has 1..312 lines");
        }

        if (width is < 1 or > SourceWidth || height < 1 || height > sourceHeight)
        {
            throw new ArgumentOutOfRangeException(nameof(width), (width, height),
                $"a frame can only be made smaller: width is 1..{SourceWidth}, height 1..{sourceHeight}");
        }

        (_grays, SourceHeight, Width, Height) = (grays, sourceHeight, width, height);
        (_x, _y) = (new AreaAxis(SourceWidth, width), new AreaAxis(sourceHeight, height));
        _scale = 1f / (_x.Denominator * _y.Denominator);

        // Bound of the rounding errors of both ways, in grey levels: a few units of 2^-16 for every product and sum.
        _halfway = 0.5f - 2e-5f * (8 + _x.Taps + _y.Taps);
        var fits = _y.Denominator * 255 <= short.MaxValue && SourceWidth <= 2 * width && width >= Group;
        if (vector && Avx2.IsSupported && fits)
        {
            (_columns, _shuffles, _weights) = PlanColumns();
        }
    }

    /// <summary>Lines of a frame.</summary>
    public int SourceHeight { get; }

    /// <summary>Columns of the result.</summary>
    public int Width { get; }

    /// <summary>Lines of the result.</summary>
    public int Height { get; }

    /// <summary>One frame.</summary>
    /// <param name="frame">[source height, 160], palette indices.</param>
    /// <param name="destination">[height, width], grey, overwritten.</param>
    public void Resize(ReadOnlySpan<byte> frame, Span<byte> destination) => Resize(frame, frame, destination);

    /// <summary>The maximum of two frames.</summary>
    /// <param name="frame">[source height, 160], palette indices.</param>
    /// <param name="other">[source height, 160], palette indices.</param>
    /// <param name="destination">[height, width], grey, overwritten.</param>
    [SkipLocalsInit]
    public void Resize(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> other, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(frame.Length, SourceHeight * SourceWidth);
        ArgumentOutOfRangeException.ThrowIfNotEqual(other.Length, SourceHeight * SourceWidth);
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, Width * Height);

        // Not cleared: all is written before it is read, but for the padding, which only meets weights of 0.
        Span<byte> lines = stackalloc byte[SourceHeight * SourceWidth];
        Span<int> sums = stackalloc int[SourceWidth + Padding];
        _grays.Pool(frame, other, lines);
        for (var y = 0; y < Height; y++)
        {
            var output = destination.Slice(y * Width, Width);
            if (_columns.Length > 0)
            {
                var narrow = MemoryMarshal.Cast<int, short>(sums);
                SumVectors(lines, y, narrow);
                ResizeVectors(lines, y, narrow, output);
            }
            else
            {
                Sum(lines, y, sums);
                ResizeLine(lines, y, sums, output);
            }
        }
    }

    private static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> lines, int index) => lines.Slice(index * SourceWidth, SourceWidth);

    // Weighted sums down the columns.
    private void Sum(ReadOnlySpan<byte> lines, int y, Span<int> sums)
    {
        sums.Clear();
        for (var k = 0; k < _y.Taps; k++)
        {
            if (_y.Weights[y * _y.Taps + k] is var weight and not 0)
            {
                var line = Line(lines, _y.First[y] + k);
                for (var x = 0; x < SourceWidth; x++)
                {
                    sums[x] += line[x] * weight;
                }
            }
        }
    }

    private void ResizeLine(ReadOnlySpan<byte> lines, int y, Span<int> sums, Span<byte> output)
    {
        for (var x = 0; x < Width; x++)
        {
            var sum = 0;
            for (var k = 0; k < _x.Taps; k++)
            {
                sum += sums[_x.First[x] + k] * _x.Weights[x * _x.Taps + k];
            }

            var gray = sum * _scale;
            var rounded = MathF.Round(gray);
            output[x] = MathF.Abs(gray - rounded) < _halfway ? (byte)rounded : Settle(lines, x, y);
        }
    }

    /// <summary>Rounds a half as OpenCV does.</summary>
    private byte Settle(ReadOnlySpan<byte> lines, int x, int y)
    {
        if (_x.IsWhole && _y.IsWhole)
        {
            var sum = 0;
            for (var k = 0; k < _y.Taps; k++)
            {
                foreach (var gray in Line(lines, _y.First[y] + k).Slice(_x.First[x], _x.Taps))
                {
                    sum += gray;
                }
            }

            // Two by two has an integer path of its own, which rounds up.
            return (byte)(_x.Taps == 2 && _y.Taps == 2 ? (sum + 2) >> 2 : (int)MathF.Round(sum * (1f / (_x.Taps * _y.Taps))));
        }

        var total = 0f;
        for (var k = 0; k < _y.Taps; k++)
        {
            var weight = _y.Floats[y * _y.Taps + k];
            if (weight == 0)
            {
                continue;
            }

            var line = Line(lines, _y.First[y] + k);
            var row = 0f;
            for (var i = 0; i < _x.Taps; i++)
            {
                var column = _x.Floats[x * _x.Taps + i];
                row += column == 0 ? 0 : line[_x.First[x] + i] * column;
            }

            total += row * weight;
        }

        return (byte)MathF.Round(total);
    }

    // Two lines at a time, their bytes interleaved, so that one instruction multiplies and adds both.
    private void SumVectors(ReadOnlySpan<byte> lines, int y, Span<short> sums)
    {
        ref var target = ref MemoryMarshal.GetReference(sums);
        ref var source = ref MemoryMarshal.GetReference(lines);
        var weights = _y.Weights.AsSpan(y * _y.Taps, _y.Taps);
        ref var line = ref Unsafe.Add(ref source, _y.First[y] * SourceWidth);
        for (nuint x = 0; x < SourceWidth; x += 2 * Lanes)
        {
            Vector256<short> low = default, high = default;
            for (var k = 0; k < weights.Length && weights[k] != 0; k += 2)
            {
                var single = k + 1 == weights.Length || weights[k + 1] == 0;
                var first = Vector256.LoadUnsafe(ref line, x + (nuint)(k * SourceWidth));
                var second = single ? first : Vector256.LoadUnsafe(ref line, x + (nuint)((k + 1) * SourceWidth));
                var pair = Vector256.Create((short)(weights[k] | (single ? 0 : weights[k + 1] << 8))).AsSByte();
                low += Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(first, second), pair);
                high += Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(first, second), pair);
            }

            Avx2.Permute2x128(low, high, 0x20).StoreUnsafe(ref target, x);
            Avx2.Permute2x128(low, high, 0x31).StoreUnsafe(ref target, x + Lanes);
        }
    }

    private void ResizeVectors(ReadOnlySpan<byte> lines, int y, Span<short> sums, Span<byte> output)
    {
        ref var source = ref MemoryMarshal.GetReference(sums);
        ref var target = ref MemoryMarshal.GetReference(output);
        ref var shuffle = ref MemoryMarshal.GetArrayDataReference(_shuffles);
        ref var weight = ref MemoryMarshal.GetArrayDataReference(_weights);
        var pairs = (_x.Taps + 1) / 2;
        var scale = Vector256.Create(_scale);
        var halfway = Vector256.Create(_halfway);
        for (var group = 0; group * 2 < _columns.Length; group++)
        {
            nuint low = (nuint)_columns[group * 2], high = (nuint)_columns[group * 2 + 1];
            var sum = Vector256<int>.Zero;
            for (var p = 0; p < pairs; p++)
            {
                var columns = Vector256.Create(Vector128.LoadUnsafe(ref source, low), Vector128.LoadUnsafe(ref source, high));
                var taps = Avx2.Shuffle(columns.AsByte(), shuffle).AsInt16();
                sum += Avx2.MultiplyAddAdjacent(taps, weight);
                (low, high) = (low + 2, high + 2);
                shuffle = ref Unsafe.Add(ref shuffle, 1);
                weight = ref Unsafe.Add(ref weight, 1);
            }

            var gray = Avx.ConvertToVector256Single(sum) * scale;
            var rounded = Avx.RoundToNearestInteger(gray);
            var words = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(rounded), Vector256<int>.Zero);
            var bytes = Avx2.PackUnsignedSaturate(words, words).AsUInt32();
            var start = Math.Min(group * Group, Width - Group);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, start), bytes[0] | (ulong)bytes[4] << 32);

            var halves = Vector256.GreaterThanOrEqual(Vector256.Abs(gray - rounded), halfway).ExtractMostSignificantBits();
            for (; halves != 0; halves &= halves - 1)
            {
                var x = start + BitOperations.TrailingZeroCount(halves);
                output[x] = Settle(lines, x, y);
            }
        }
    }

    // Eight output pixels are a group, four in each 128-bit half: a half loads eight neighbouring sums (four outputs span no more while the
    // scale is at most 2) and a shuffle brings the next two sums of each output side by side, to be multiplied and added at once.
    private (int[] Columns, Vector256<byte>[] Shuffles, Vector256<short>[] Weights) PlanColumns()
    {
        var groups = (Width + Group - 1) / Group;
        var pairs = (_x.Taps + 1) / 2;
        var columns = new int[groups * 2];
        var shuffles = new Vector256<byte>[groups * pairs];
        var weights = new Vector256<short>[groups * pairs];
        Span<byte> shuffle = stackalloc byte[2 * Lanes];
        Span<short> weight = stackalloc short[Lanes];
        for (var i = 0; i < shuffles.Length; i++)
        {
            var (group, pair) = (i / pairs, i % pairs);
            var start = Math.Min(group * Group, Width - Group);
            for (var o = 0; o < Group; o++)
            {
                var x = start + o;
                var origin = _x.First[start + o / Half * Half];
                columns[group * 2 + o / Half] = origin;
                for (var t = 0; t < 2; t++)
                {
                    var (tap, lane) = (pair * 2 + t, o * 2 + t);
                    var offset = _x.First[x] + t - origin;
                    weight[lane] = tap < _x.Taps ? (short)_x.Weights[x * _x.Taps + tap] : (short)0;
                    shuffle[lane * 2] = (byte)(offset * 2);
                    shuffle[lane * 2 + 1] = (byte)(offset * 2 + 1);
                }
            }

            (shuffles[i], weights[i]) = (Vector256.Create<byte>(shuffle), Vector256.Create<short>(weight));
        }

        return (columns, shuffles, weights);
    }
}
