using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rapid.Environments.Atari.Pixels;

/// <summary>
/// Turns palette indices into grey levels, and two frames into the grey of their maximum. Objects that a game draws only in every other
/// frame are in the maximum. Immutable; one table serves every environment with its palette.
/// </summary>
public sealed class GrayTable
{
    private const int Colors = 256;

    private readonly byte[] _gray;
    private readonly byte[]? _pooled; // [256, 256] when the maximum is not that of the grey levels
    private readonly Vector256<byte>[] _steps = new Vector256<byte>[8];
    private readonly bool _vector = Avx2.IsSupported;

    private GrayTable(byte[] gray, byte[]? pooled, bool vector)
    {
        (_gray, _pooled, _vector) = (gray, pooled, vector && Avx2.IsSupported);

        // A shuffle looks up 16 of the 128 even indices. Subtracting 16 from all indices after each table sends those below to 0 and leaves
        // the low bits of the others, so that xor over differences of neighbouring tables ends at the right one.
        Span<byte> step = stackalloc byte[32];
        for (var table = 0; table < _steps.Length; table++)
        {
            for (var i = 0; i < 16; i++)
            {
                var index = (table * 16 + i) * 2;
                step[i] = step[i + 16] = (byte)(gray[index] ^ (table == 0 ? 0 : gray[index - 32]));
            }

            _steps[table] = Vector256.Create<byte>(step);
        }
    }

    /// <summary>
    /// The larger red, green and blue of two frames, then luma: what wrappers around colour frames do. Weights .299, .587, .114 in OpenCV's
    /// 15-bit fixed point.
    /// </summary>
    /// <param name="palette">[256], 0xRRGGBB.</param>
    /// <exception cref="ArgumentException">The palette does not have 256 colours.</exception>
    public static GrayTable OfColors(ReadOnlySpan<uint> palette) => OfColors(palette, vector: true);

    /// <summary>The larger grey of two frames: what ALE's vector environments do.</summary>
    /// <param name="gray">[256], grey level of an index.</param>
    /// <exception cref="ArgumentException">The table does not have 256 entries.</exception>
    public static GrayTable OfGrays(ReadOnlySpan<byte> gray) => OfGrays(gray, vector: true);

    internal static GrayTable OfColors(ReadOnlySpan<uint> palette, bool vector)
    {
        Check(palette.Length);
        var gray = new byte[Colors];
        var pooled = new byte[Colors * Colors];
        for (var a = 0; a < Colors; a++)
        {
            gray[a] = Luma(palette[a]);
            for (var b = 0; b < Colors; b++)
            {
                pooled[a * Colors + b] = Luma(Math.Max(palette[a] & 0xFF0000, palette[b] & 0xFF0000)
                    | Math.Max(palette[a] & 0xFF00, palette[b] & 0xFF00) | Math.Max(palette[a] & 0xFF, palette[b] & 0xFF));
            }
        }

        return new GrayTable(gray, pooled, vector);
    }

    internal static GrayTable OfGrays(ReadOnlySpan<byte> gray, bool vector)
    {
        Check(gray.Length);
        return new GrayTable(gray.ToArray(), null, vector);
    }

    /// <summary>One frame at full size.</summary>
    /// <param name="frame">[n], palette indices.</param>
    /// <param name="gray">[n], overwritten.</param>
    public void Convert(ReadOnlySpan<byte> frame, Span<byte> gray)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(gray.Length, frame.Length);
        Pool(frame, frame, gray);
    }

    /// <summary>The maximum of two frames at full size.</summary>
    /// <param name="frame">[n], palette indices.</param>
    /// <param name="other">[n], palette indices.</param>
    /// <param name="gray">[n], overwritten.</param>
    public void Pool(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> other, Span<byte> gray)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(other.Length, frame.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(gray.Length, frame.Length);
        var done = _vector ? PoolVectors(frame, other, gray) : 0;
        for (; done < frame.Length; done++)
        {
            gray[done] = Pool(frame[done], other[done]);
        }
    }

    private byte Pool(byte a, byte b) => _pooled is null ? Math.Max(_gray[a], _gray[b]) : a == b ? _gray[a] : _pooled[a * Colors + b];

    private int PoolVectors(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> other, Span<byte> gray)
    {
        var end = frame.Length & -32;
        ref var first = ref MemoryMarshal.GetReference(frame);
        ref var second = ref MemoryMarshal.GetReference(other);
        ref var target = ref MemoryMarshal.GetReference(gray);
        ref var steps = ref MemoryMarshal.GetArrayDataReference(_steps);
        for (var i = 0; i < end; i += 32)
        {
            var a = Vector256.LoadUnsafe(ref first, (nuint)i);
            var b = Vector256.LoadUnsafe(ref second, (nuint)i);
            if (((a | b) & Vector256<byte>.One) != Vector256<byte>.Zero)
            {
                // Odd indices are the greys of unfinished frames.
                for (var k = i; k < i + 32; k++)
                {
                    gray[k] = Pool(frame[k], other[k]);
                }

                continue;
            }

            var pooled = LookUp(a, ref steps);
            var differing = ~Vector256.Equals(a, b).ExtractMostSignificantBits();
            if (differing != 0 && _pooled is null)
            {
                pooled = Vector256.Max(pooled, LookUp(b, ref steps));
            }

            pooled.StoreUnsafe(ref target, (nuint)i);
            if (_pooled is not null)
            {
                for (; differing != 0; differing &= differing - 1)
                {
                    var k = i + BitOperations.TrailingZeroCount(differing);
                    gray[k] = _pooled[frame[k] * Colors + other[k]];
                }
            }
        }

        return end;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> LookUp(Vector256<byte> even, ref Vector256<byte> steps)
    {
        var sixteen = Vector256.Create((byte)16);
        var index = Vector256.ShiftRightLogical(even.AsUInt16(), 1).AsByte(); // bit 0 of every byte is clear, so nothing crosses
        var gray = Avx2.Shuffle(steps, index);
        for (var table = 1; table < 8; table++)
        {
            index -= sixteen;
            gray ^= Avx2.Shuffle(Unsafe.Add(ref steps, table), index);
        }

        return gray;
    }

    private static byte Luma(uint color) =>
        (byte)(((color >> 16) * 9798 + ((color >> 8) & 0xFF) * 19235 + (color & 0xFF) * 3735 + (1 << 14)) >> 15);

    private static void Check(int length)
    {
        if (length != Colors)
        {
            throw new ArgumentException($"a palette has {Colors} entries, this one {length}");
        }
    }
}
