using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rapid.Environments.Atari.Machine;

/// <summary>One bit for each of the 160 pixels of a line; pixel x is bit x % 64 of word x / 64.</summary>
internal struct LineMask
{
    /// <summary>Pixels 0..63, 64..127 and 128..159; the fourth word is 0.</summary>
    public ulong Word0, Word1, Word2, Word3;

    private static readonly uint[] Fourfold = Stretched(4, reversed: false);
    private static readonly uint[] FourfoldReversed = Stretched(4, reversed: true);
    private static readonly uint[] Twofold = Stretched(2, reversed: true);
    private static readonly byte[] ReversedBits = [.. Stretched(1, reversed: true).Select(bits => (byte)bits)];

    /// <summary>All pixels.</summary>
    public readonly Vector256<ulong> All
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.LoadUnsafe(in Word0);
    }

    /// <summary>Pixels 32c..32c+31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly uint Chunk(int c) => (uint)(Unsafe.Add(ref Unsafe.AsRef(in Word0), c >> 1) >> ((c & 1) << 5));

    /// <summary>Sets up to 32 pixels from <paramref name="position"/> on, around the end of the line.</summary>
    /// <param name="position">0..287.</param>
    /// <param name="bits">The leftmost pixel is bit 0.</param>
    public void Add(int position, ulong bits)
    {
        if (position >= 160)
        {
            position -= 160;
        }

        var shift = position & 63;
        if (position < 64)
        {
            Word0 |= bits << shift;
            Word1 |= bits >> 1 >> (63 - shift);
        }
        else if (position < 128)
        {
            Word1 |= bits << shift;
            Word2 |= bits >> 1 >> (63 - shift);
        }
        else
        {
            Word2 |= bits << shift;
        }

        // What stands beyond pixel 159 belongs to the start of the line.
        Word0 |= Word2 >> 32;
        Word2 &= 0xFFFFFFFF;
    }

    /// <summary>The bits of a byte from the last to the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Reversed(byte bits) => ReversedBits[bits];

    /// <summary>A player's graphics, bit 7 leftmost, as pixels.</summary>
    /// <param name="graphics">8 pixels.</param>
    /// <param name="scale">1, 2 or 4 pixels a bit.</param>
    public static ulong PlayerPixels(int graphics, int scale) => scale switch
    {
        1 => ReversedBits[graphics],
        2 => Twofold[graphics],
        _ => FourfoldReversed[graphics],
    };

    /// <summary>The playfield of a line.</summary>
    /// <param name="bits">20 bits, bit 0 leftmost: PF0's upper half, PF1 from its bit 7 on, PF2 from its bit 0 on.</param>
    /// <param name="mirrored">The right half mirrors the left one, else it repeats it.</param>
    public static LineMask Playfield(uint bits, bool mirrored)
    {
        // 80 pixels: 16 of PF0, 32 of PF1, 32 of PF2.
        var left = Fourfold[bits & 0xF] | ((ulong)Fourfold[(bits >> 4) & 0xFF] << 16) | ((ulong)Fourfold[bits >> 12] << 48);
        var leftEnd = Fourfold[bits >> 12] >> 16;
        ulong right;
        uint rightEnd;
        if (mirrored)
        {
            right = FourfoldReversed[bits >> 12] | ((ulong)FourfoldReversed[(bits >> 4) & 0xFF] << 32);
            rightEnd = FourfoldReversed[bits & 0xF] >> 16;
        }
        else
        {
            right = left;
            rightEnd = leftEnd;
        }

        return new LineMask { Word0 = left, Word1 = leftEnd | (right << 16), Word2 = (right >> 48) | (rightEnd << 16) };
    }

    private static uint[] Stretched(int scale, bool reversed)
    {
        var table = new uint[256];
        for (var value = 0; value < 256; value++)
        {
            for (var pixel = 0; pixel < 8 * scale; pixel++)
            {
                var bit = pixel / scale;
                table[value] |= (uint)((value >> (reversed ? 7 - bit : bit)) & 1) << pixel;
            }
        }

        return table;
    }
}
