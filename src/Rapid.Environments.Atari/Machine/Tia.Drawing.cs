using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Rapid.Environments.Atari.Machine;

internal sealed partial class Tia
{
    private LineMasks _masks;

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

        // A line ends only when the beam goes beyond it.
        while (clock - _s.DrawnTo > _s.ToLineEnd)
        {
            var uneventful = IsUneventful;
            if (!uneventful)
            {
                DrawSpan(LineClocks - _s.ToLineEnd, LineClocks);
            }

            _s.DrawnTo += _s.ToLineEnd;
            _s.ToLineEnd = LineClocks;
            EndLine();
            if (_changed != 0)
            {
                SwitchObjects();
            }
            else if (uneventful)
            {
                // The coming lines are like this one.
                var lines = (clock - _s.DrawnTo - 1) / LineClocks;
                _s.DrawnTo += lines * LineClocks;
                _l.Row += lines * Width;
            }
        }

        if (!IsUneventful)
        {
            var from = LineClocks - _s.ToLineEnd;
            DrawSpan(from, from + clock - _s.DrawnTo);
        }

        _s.ToLineEnd -= clock - _s.DrawnTo;
        _s.DrawnTo = clock;
    }

    /// <summary>As objects are now, nothing is drawn, moves by itself or collides.</summary>
    private bool IsUneventful
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !Draws && !_s.HmoveBlank && !_s.CosmicArk && PossibleCollisions == 0;
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
            if ((_s.Vblank & 2) != 0)
            {
                Clear(first, end - first);
            }
            else
            {
                if (PossibleCollisions is not 0 and var pairs)
                {
                    Collide(pairs, first, end);
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

    /// <summary>Puts some pixels of a line on the screen.</summary>
    private void Paint(int first, int end)
    {
        if (_stale != 0)
        {
            MakeMasks(_stale);
        }

        ref var row = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_screen), _l.Row);
        var background = Vector256.Create(_s.ColourBackground);
        var priority = (_s.Ctrlpf & 4) != 0 && _enabled != Playfield;
        var score = (_s.Ctrlpf & 2) != 0 && ((_s.Ctrlpf & 4) == 0 || _enabled == Playfield);
        for (var c = first >> 5; c <= (end - 1) >> 5; c++)
        {
            var zero = _masks.P0.Chunk(c) | _masks.M0.Chunk(c);
            var one = _masks.P1.Chunk(c) | _masks.M1.Chunk(c);
            var field = _masks.Playfield.Chunk(c);
            var ball = _masks.Ball.Chunk(c);
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
        _apart &= ~Collisions.With(changed);
        var on = (Graphics0 != 0 ? P0 : 0) | (Graphics1 != 0 ? P1 : 0) | (_s.EnableM0 && !_s.LockM0 ? M0 : 0)
            | (_s.EnableM1 && !_s.LockM1 ? M1 : 0) | ((_s.DelayBall ? _s.DelayedBall : _s.EnableBall) ? Ball : 0)
            | (_s.PlayfieldBits != 0 ? Playfield : 0);
        _enabled = (_enabled & ~changed) | (on & changed);
    }

    private int Graphics0 => _s.Delay0 ? _s.Delayed0 : _s.Graphics0;

    private int Graphics1 => _s.Delay1 ? _s.Delayed1 : _s.Graphics1;

    private void MakeMasks(int objects)
    {
        var stale = _stale & objects;
        _stale ^= stale;
        if ((stale & P0) != 0)
        {
            _masks.P0 = Player(Graphics0, _s.Reflect0, _l.P0Position, _l.P0Size, _l.P0Suppressed);
        }

        if ((stale & P1) != 0)
        {
            _masks.P1 = Player(Graphics1, _s.Reflect1, _l.P1Position, _l.P1Size, _l.P1Suppressed);
        }

        if ((stale & M0) != 0)
        {
            _masks.M0 = (_enabled & M0) != 0 && !_l.M0Hidden ? Missile(_l.M0Position, _l.M0Size) : default;
        }

        if ((stale & M1) != 0)
        {
            _masks.M1 = (_enabled & M1) != 0 ? Missile(_l.M1Position, _l.M1Size) : default;
        }

        if ((stale & Ball) != 0)
        {
            _masks.Ball = default;
            if ((_enabled & Ball) != 0)
            {
                _masks.Ball.Add(_l.BallPosition, Pixels(_l.BallSize));
            }
        }

        if ((stale & Playfield) != 0)
        {
            _masks.Playfield = _s.PlayfieldBits != 0 ? LineMask.Playfield(_s.PlayfieldBits, _l.Mirrored) : default;
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
