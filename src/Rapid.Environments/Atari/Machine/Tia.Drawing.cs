using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Rapid.Environments.Atari.Machine;

internal sealed partial class Tia
{
    /// <summary>The collisions that objects can have, by the set of those that are switched on.</summary>
    private static readonly ushort[] Pairs = [.. Enumerable.Range(0, AllObjects + 1).Select(PairsOf)];

    private LineMask _p0, _m0, _p1, _m1, _ball, _playfield;

    // Objects that have changed since they were looked at, objects whose masks are to be made anew, and objects that are switched on.
    private int _changed, _stale, _enabled;

    private void Refresh(int objects) => _changed |= objects;

    /// <summary>Draws up to a colour clock, or further if that was put off, with the registers as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void DrawTo(int clock)
    {
        clock = Math.Max(clock, _touched);
        if (clock > _s.DrawnTo && clock >= _s.WindowStart && _s.DrawnTo < _s.WindowStop)
        {
            Draw(Math.Min(clock, _s.WindowStop));
        }
    }

    private void Draw(int clock)
    {
        if (_changed != 0)
        {
            SwitchObjects();
        }

        if (!Draws && !_s.HmoveBlank && !_s.CosmicArk && !CanCollide)
        {
            Skip(clock);
            return;
        }

        // A line ends only when the beam goes beyond it.
        while (clock - _s.DrawnTo > _s.ToLineEnd)
        {
            _s.DrawnTo += _s.ToLineEnd;
            DrawSpan(LineClocks - _s.ToLineEnd, LineClocks);
            _s.ToLineEnd = LineClocks;
            EndLine();
        }

        var clocks = clock - _s.DrawnTo;
        var from = LineClocks - _s.ToLineEnd;
        _s.DrawnTo = clock;
        _s.ToLineEnd -= clocks;
        DrawSpan(from, from + clocks);
    }

    /// <summary>Objects that are on may touch in a way that is not latched yet.</summary>
    private bool CanCollide
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_s.Vblank & 2) == 0 && (Pairs[_enabled] & ~_s.Collisions) != 0;
    }

    /// <summary>Goes on where nothing can be seen or collide.</summary>
    private void Skip(int clock)
    {
        var clocks = clock - _s.DrawnTo;
        _s.DrawnTo = clock;
        if (clocks <= _s.ToLineEnd)
        {
            _s.ToLineEnd -= clocks;
            return;
        }

        var beyond = clocks - _s.ToLineEnd;
        var lines = (beyond - 1) / LineClocks;
        _s.ToLineEnd = LineClocks - (beyond - (lines * LineClocks));
        _l.Row += lines * Width;
        EndLine();
    }

    /// <summary>Draws part of a line.</summary>
    /// <param name="from">First colour clock, 0..228.</param>
    /// <param name="to">The clock after the last.</param>
    private void DrawSpan(int from, int to)
    {
        if (to > BlankClocks && from < LineClocks && to > from)
        {
            var first = Math.Max(from, BlankClocks) - BlankClocks;
            var end = to - BlankClocks;
            if (_changed != 0)
            {
                SwitchObjects();
            }

            if ((_s.Vblank & 2) != 0)
            {
                Clear(first, end - first);
            }
            else
            {
                var collides = CanCollide;
                if (_stale != 0 && (collides || Draws))
                {
                    MakeMasks();
                }

                if (collides)
                {
                    Collide(first, end);
                }

                if (Draws && _l.Row < _screen.Length)
                {
                    Paint(first, end);
                }
            }
        }

        if (_s.HmoveBlank)
        {
            from = Math.Min(Math.Max(from, Math.Min(to, BlankClocks)), LineClocks);
            if (from < BlankClocks + 8)
            {
                Clear(Math.Max(0, from - BlankClocks), BlankClocks + 8 - from);
                _s.HmoveBlank = to < BlankClocks + 8;
            }
        }
    }

    private void Clear(int first, int count)
    {
        var start = _l.Row + first;
        if (Draws && start < _screen.Length)
        {
            _screen.AsSpan(start, Math.Min(count, _screen.Length - start)).Clear();
        }
    }

    /// <summary>Latches the collisions of some pixels of a line.</summary>
    private void Collide(int first, int end)
    {
        for (var w = first >> 6; w <= (end - 1) >> 6; w++)
        {
            var p0 = Word(ref _p0, w);
            var m0 = Word(ref _m0, w);
            var p1 = Word(ref _p1, w);
            var m1 = Word(ref _m1, w);
            var bl = Word(ref _ball, w);
            var pf = Word(ref _playfield, w);
            var one = p0 | m0;
            var two = p0 & m0;
            two |= one & p1;
            one |= p1;
            two |= one & m1;
            one |= m1;
            two |= one & bl;
            one |= bl;
            two |= one & pf;
            var low = first - (w << 6);
            var high = end - (w << 6);
            var span = (low > 0 ? ulong.MaxValue << low : ulong.MaxValue) & (high < 64 ? ~(ulong.MaxValue << high) : ulong.MaxValue);
            two &= span;
            if (two == 0)
            {
                continue;
            }

            _s.Collisions |= (ushort)(
                Bit(m0 & p1 & two, 15) | Bit(m0 & p0 & two, 14) | Bit(m1 & p0 & two, 13) | Bit(m1 & p1 & two, 12)
                | Bit(p0 & pf & two, 11) | Bit(p0 & bl & two, 10) | Bit(p1 & pf & two, 9) | Bit(p1 & bl & two, 8)
                | Bit(m0 & pf & two, 7) | Bit(m0 & bl & two, 6) | Bit(m1 & pf & two, 5) | Bit(m1 & bl & two, 4)
                | Bit(bl & pf & two, 3) | Bit(p0 & p1 & two, 1) | Bit(m0 & m1 & two, 0));
        }
    }

    private static ushort PairsOf(int objects)
    {
        int On(int item) => (objects & item) != 0 ? 1 : 0;
        var (p0, m0, p1, m1, bl, pf) = (On(P0), On(M0), On(P1), On(M1), On(Ball), On(Playfield));
        return (ushort)(
            (m0 & p1) << 15 | (m0 & p0) << 14 | (m1 & p0) << 13 | (m1 & p1) << 12 | (p0 & pf) << 11 | (p0 & bl) << 10
            | (p1 & pf) << 9 | (p1 & bl) << 8 | (m0 & pf) << 7 | (m0 & bl) << 6 | (m1 & pf) << 5 | (m1 & bl) << 4
            | (bl & pf) << 3 | (p0 & p1) << 1 | (m0 & m1));
    }

    private static int Bit(ulong pixels, int bit) => pixels != 0 ? 1 << bit : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ref LineMask mask, int w) => Unsafe.Add(ref mask.Word0, w);

    /// <summary>Puts some pixels of a line on the screen.</summary>
    private void Paint(int first, int end)
    {
        ref var row = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_screen), _l.Row);
        var background = Vector256.Create(_s.ColourBackground);
        var priority = (_s.Ctrlpf & 4) != 0 && _enabled != Playfield;
        var score = (_s.Ctrlpf & 2) != 0 && ((_s.Ctrlpf & 4) == 0 || _enabled == Playfield);
        for (var c = first >> 5; c <= (end - 1) >> 5; c++)
        {
            var zero = _p0.Chunk(c) | _m0.Chunk(c);
            var one = _p1.Chunk(c) | _m1.Chunk(c);
            var field = _playfield.Chunk(c);
            var ball = _ball.Chunk(c);
            if (score)
            {
                // The playfield takes the players' colours, and with them their places: the first one's left of pixel 80.
                var left = c < 2 ? uint.MaxValue : c == 2 ? 0xFFFFu : 0;
                zero |= field & left;
                one |= field & ~left;
                field = ball;
            }
            else
            {
                field |= ball;
            }

            var pixels = background;
            if ((zero | one | field) != 0)
            {
                if (priority)
                {
                    (zero, one) = (zero & ~field, one & ~field);
                }

                pixels = Vector256.ConditionalSelect(Spread(field), Vector256.Create(_s.ColourPlayfield), pixels);
                if ((one | zero) != 0)
                {
                    pixels = Vector256.ConditionalSelect(Spread(one), Vector256.Create(_s.ColourP1), pixels);
                    pixels = Vector256.ConditionalSelect(Spread(zero), Vector256.Create(_s.ColourP0), pixels);
                }
            }

            ref var target = ref Unsafe.Add(ref row, c << 5);
            var low = first - (c << 5);
            var high = end - (c << 5);
            if (low > 0 || high < 32)
            {
                var span = (low > 0 ? uint.MaxValue << low : uint.MaxValue) & (high < 32 ? ~(uint.MaxValue << high) : uint.MaxValue);
                pixels = Vector256.ConditionalSelect(Spread(span), pixels, Vector256.LoadUnsafe(ref target));
            }

            pixels.StoreUnsafe(ref target);
        }
    }

    /// <summary>32 bits as 32 bytes of 0 or 255.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Spread(uint bits)
    {
        var bytes = Vector256.Shuffle(
            Vector256.Create(bits).AsByte(),
            Vector256.Create(0, 0x0101010101010101, 0x1212121212121212, 0x1313131313131313ul).AsByte());
        var selectors = Vector256.Create(0x8040201008040201ul).AsByte();
        return Vector256.Equals(bytes & selectors, selectors);
    }

    /// <summary>Finds out which of the objects that changed are switched on.</summary>
    private void SwitchObjects()
    {
        var changed = _changed;
        _changed = 0;
        _stale |= changed;
        var on = (Graphics0 != 0 ? P0 : 0) | (Graphics1 != 0 ? P1 : 0) | (_s.EnableM0 && !_s.LockM0 ? M0 : 0)
            | (_s.EnableM1 && !_s.LockM1 ? M1 : 0) | ((_s.DelayBall ? _s.DelayedBall : _s.EnableBall) ? Ball : 0)
            | (_s.PlayfieldBits != 0 ? Playfield : 0);
        _enabled = (_enabled & ~changed) | (on & changed);
    }

    private int Graphics0 => _s.Delay0 ? _s.Delayed0 : _s.Graphics0;

    private int Graphics1 => _s.Delay1 ? _s.Delayed1 : _s.Graphics1;

    private void MakeMasks()
    {
        var stale = _stale;
        _stale = 0;
        if ((stale & P0) != 0)
        {
            _p0 = Player(Graphics0, _s.Reflect0, _l.P0Position, _l.P0Size, _l.P0Suppressed);
        }

        if ((stale & P1) != 0)
        {
            _p1 = Player(Graphics1, _s.Reflect1, _l.P1Position, _l.P1Size, _l.P1Suppressed);
        }

        if ((stale & M0) != 0)
        {
            _m0 = (_enabled & M0) != 0 && !_l.M0Hidden ? Missile(_l.M0Position, _l.M0Size) : default;
        }

        if ((stale & M1) != 0)
        {
            _m1 = (_enabled & M1) != 0 ? Missile(_l.M1Position, _l.M1Size) : default;
        }

        if ((stale & Ball) != 0)
        {
            _ball = default;
            if ((_enabled & Ball) != 0)
            {
                _ball.Add(_l.BallPosition, Pixels(_l.BallSize));
            }
        }

        if ((stale & Playfield) != 0)
        {
            _playfield = _s.PlayfieldBits != 0 ? LineMask.Playfield(_s.PlayfieldBits, _l.Mirrored) : default;
        }
    }

    private static LineMask Player(int graphics, bool reflected, int position, int size, bool suppressed)
    {
        var mask = default(LineMask);
        if (graphics == 0)
        {
            return mask;
        }

        if (reflected)
        {
            graphics = (int)LineMask.PlayerPixels(graphics, 1);
        }

        // Stretched players begin a pixel later.
        var scale = size switch { 5 => 2, 7 => 4, _ => 1 };
        var pixels = LineMask.PlayerPixels(graphics, scale) << (scale == 1 ? 0 : 1);
        foreach (var copy in Motion.CopiesOf(size))
        {
            if (copy != 0 || !suppressed)
            {
                mask.Add(position + copy, pixels);
            }
        }

        return mask;
    }

    private static LineMask Missile(int position, int size)
    {
        var mask = default(LineMask);
        foreach (var copy in Motion.CopiesOf(size))
        {
            mask.Add(position + copy, Pixels(size));
        }

        return mask;
    }

    /// <summary>1, 2, 4 or 8 pixels, as bits 4 and 5 of a size register say.</summary>
    private static ulong Pixels(int size) => (1ul << (1 << ((size >> 4) & 3))) - 1;
}
