using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rapid.Environments.Atari.Machine;

internal sealed partial class Tia
{
    /// <summary>Pairs of objects, one for each bit of the collision latches; bit 2 is nothing.</summary>
    private static class Collisions
    {
        private static readonly int[] Objects =
        [
            M0 | M1, P0 | P1, 0, Ball | Playfield, M1 | Ball, M1 | Playfield, M0 | Ball, M0 | Playfield,
            P1 | Ball, P1 | Playfield, P0 | Ball, P0 | Playfield, M1 | P1, M1 | P0, M0 | P0, M0 | P1,
        ];

        private static readonly byte[] Lower = [.. Objects.Select(pair => (byte)BitOperations.TrailingZeroCount(pair | 32))];
        private static readonly byte[] Upper = [.. Objects.Select(pair => (byte)BitOperations.Log2((uint)pair | 1))];
        private static readonly ushort[] Within = Table((pair, objects) => pair != 0 && (pair & ~objects) == 0);
        private static readonly ushort[] Touching = Table((pair, objects) => (pair & objects) != 0);

        /// <summary>The two objects of a pair.</summary>
        public static int Of(int pair) => Objects[pair];

        /// <summary>The index of the first object of a pair.</summary>
        public static int First(int pair) => Lower[pair];

        /// <summary>The index of the second one.</summary>
        public static int Second(int pair) => Upper[pair];

        /// <summary>All pairs of which both are in a set of objects.</summary>
        public static int Among(int objects) => Within[objects];

        /// <summary>All pairs of which one is in a set of objects.</summary>
        public static int With(int objects) => Touching[objects];

        private static ushort[] Table(Func<int, int, bool> belongs) =>
        [
            .. Enumerable.Range(0, AllObjects + 1).Select(objects => (ushort)Enumerable.Range(0, 16)
                .Where(pair => belongs(Objects[pair], objects)).Sum(pair => 1 << pair)),
        ];
    }

    // [161], the pixels of a line from x on.
    private static readonly Vector256<ulong>[] From = [.. Enumerable.Range(0, Width + 1).Select(PixelsFrom)];

    // Pairs that are known to have no pixel of a line in common, as their objects are now.
    private int _apart;

    /// <summary>Pairs of objects that are on and may touch in a way that is not latched yet.</summary>
    private int PossibleCollisions
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_s.Vblank & 2) == 0 ? Collisions.Among(_enabled) & ~(_s.Collisions | _apart) : 0;
    }

    /// <summary>
    /// Whether a change of these objects can neither be seen nor make or prevent a collision: the line need not be drawn before it. The
    /// objects that are on and those that have changed since the line was drawn count as on all the time.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsUnseen(int objects) =>
        !Draws && objects <= AllObjects
        && ((_s.Vblank & 2) != 0
            || (Collisions.Among(_enabled | _changed | objects) & Collisions.With(objects) & ~_s.Collisions) == 0);

    /// <summary>Latches the collisions of some pixels of a line.</summary>
    private void Collide(int pairs, int first, int end)
    {
        var span = Vector256.AndNot(From[first], From[end]);
        for (; pairs != 0; pairs &= pairs - 1)
        {
            var pair = BitOperations.TrailingZeroCount(pairs);
            if ((_stale & Collisions.Of(pair)) != 0)
            {
                MakeMasks(Collisions.Of(pair));
            }

            var common = _masks[Collisions.First(pair)].All & _masks[Collisions.Second(pair)].All;
            if (common == Vector256<ulong>.Zero)
            {
                _apart |= 1 << pair;
            }
            else if ((common & span) != Vector256<ulong>.Zero)
            {
                _s.Collisions |= (ushort)(1 << pair);
            }
        }
    }

    private static Vector256<ulong> PixelsFrom(int x)
    {
        var words = new ulong[4];
        for (; x < Width; x++)
        {
            words[x >> 6] |= 1ul << (x & 63);
        }

        return Vector256.Create(words);
    }
}
