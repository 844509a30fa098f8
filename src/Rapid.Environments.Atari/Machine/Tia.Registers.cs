using System.Runtime.CompilerServices;

namespace Rapid.Environments.Atari.Machine;

internal sealed partial class Tia
{
    // Colour clocks from a write to its effect; those of the playfield depend on the cycle of the line, modulo 4.
    private const int BlankDelay = 1, SizeDelay = 8, GraphicsDelay = 1, ReflectDelay = 1;

    private static ReadOnlySpan<byte> PlayfieldDelays => [4, 5, 2, 3];

    // The clock up to which the program has made the chip draw, where drawing was put off because nothing depended on it;
    // 0 between frames.
    private int _touched;

    /// <summary>Writes a register. What programs write most is done here without calls, which would cost more than it does.</summary>
    /// <param name="address">Any address of the chip.</param>
    /// <param name="value">The byte.</param>
    /// <param name="cycles">The cycle counter at the end of the instruction.</param>
    /// <param name="afterRead">The processor's last access before this one was a read.</param>
    /// <returns>The cycle counter, later if the processor waits for the end of the line.</returns>
    public int Write(int address, byte value, int cycles, bool afterRead)
    {
        var clock = cycles * 3;
        if (clock - _s.FrameStart >= _longestFrame)
        {
            EndOfFrame();
        }

        switch (address & 0x3F)
        {
            case 0x02:
                Touch(clock);
                return afterRead && LineClock(clock) is > 0 and var passed ? cycles + 76 - (passed / 3) : cycles;
            case 0x06:
                if (Draws)
                {
                    return WriteColour(ref _s.ColourP0, value, clock, cycles);
                }

                _s.ColourP0 = Colour(value);
                break;
            case 0x07:
                if (Draws)
                {
                    return WriteColour(ref _s.ColourP1, value, clock, cycles);
                }

                _s.ColourP1 = Colour(value);
                break;
            case 0x08:
                if (Draws)
                {
                    return WriteColour(ref _s.ColourPlayfield, value, clock, cycles);
                }

                _s.ColourPlayfield = Colour(value);
                break;
            case 0x09:
                if (Draws)
                {
                    return WriteColour(ref _s.ColourBackground, value, clock, cycles);
                }

                _s.ColourBackground = Colour(value);
                break;
            case 0x0D:
                return WritePlayfield(0x0000F, (uint)value >> 4, clock, cycles);
            case 0x0E:
                return WritePlayfield(0x00FF0, (uint)LineMask.Reversed(value) << 4, clock, cycles);
            case 0x0F:
                return WritePlayfield(0xFF000, (uint)value << 12, clock, cycles);
            case 0x03 or 0x15 or 0x16 or 0x17 or 0x18 or 0x19 or 0x1A: // RSYNC and sounds
                break;
            case 0x20:
                _s.MotionP0 = (byte)(value >> 4);
                break;
            case 0x21:
                _s.MotionP1 = (byte)(value >> 4);
                break;
            case 0x23:
                _s.MotionM1 = (byte)(value >> 4);
                break;
            case 0x24:
                _s.MotionBall = (byte)(value >> 4);
                break;
            case 0x00 or 0x01 or 0x04 or 0x05 or 0x0A or 0x0B or 0x0C or 0x10 or 0x11 or 0x12 or 0x13 or 0x14 or 0x1B or 0x1C or 0x1D
                or 0x1E or 0x1F or 0x22 or 0x25 or 0x26 or 0x27 or 0x28 or 0x29 or 0x2A or 0x2B or 0x2C:
                return WriteOther(address & 0x3F, value, clock, cycles);
        }

        Touch(clock);
        return cycles;
    }

    /// <summary>Writes one of the registers that mostly change what is drawn.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int WriteOther(int register, byte value, int clock, int cycles)
    {
        switch (register)
        {
            case 0x00:
                Touch(clock);
                WriteVsync(value, clock);
                break;
            case 0x01:
                Change(((value ^ _s.Vblank) & 2) != 0 ? Appearance : 0, clock + BlankDelay);
                WriteVblank(value, cycles);
                break;
            case 0x04:
                DrawTo(clock + SizeDelay);
                _s.Nusiz0 = value;
                _l.P0Suppressed = false;
                Place(P0 | M0);
                break;
            case 0x05:
                DrawTo(clock + SizeDelay);
                _s.Nusiz1 = value;
                _l.P1Suppressed = false;
                Place(P1 | M1);
                break;
            case 0x0A:
                DrawTo(clock);
                WriteControl(value, LineClock(clock));
                break;
            case 0x0B:
                WriteFlag(ref _s.Reflect0, (value & 8) != 0, P0, clock + ReflectDelay);
                break;
            case 0x0C:
                WriteFlag(ref _s.Reflect1, (value & 8) != 0, P1, clock + ReflectDelay);
                break;
            case 0x10 or 0x11 or 0x14:
                DrawTo(clock);
                Strobe(register, clock, LineClock(clock));
                break;
            case 0x12 or 0x13:
                DrawTo(clock + SizeDelay);
                Strobe(register, clock, LineClock(clock));
                break;
            case 0x1B:
                Change(
                    (!_s.Delay0 && _s.Graphics0 != value ? P0 : 0) | (_s.Delay1 && _s.Delayed1 != _s.Graphics1 ? P1 : 0),
                    clock + GraphicsDelay);
                (_s.Graphics0, _s.Delayed1) = (value, _s.Graphics1);
                break;
            case 0x1C:
                Change(
                    (!_s.Delay1 && _s.Graphics1 != value ? P1 : 0) | (_s.Delay0 && _s.Delayed0 != _s.Graphics0 ? P0 : 0)
                    | (_s.DelayBall && _s.DelayedBall != _s.EnableBall ? Ball : 0),
                    clock + GraphicsDelay);
                (_s.Graphics1, _s.Delayed0, _s.DelayedBall) = (value, _s.Graphics0, _s.EnableBall);
                break;
            case 0x1D:
                WriteFlag(ref _s.EnableM0, (value & 2) != 0, M0, clock);
                break;
            case 0x1E:
                WriteFlag(ref _s.EnableM1, (value & 2) != 0, M1, clock);
                break;
            case 0x1F:
                WriteFlag(ref _s.EnableBall, (value & 2) != 0, Ball, clock);
                break;
            case 0x22:
                // A line that is not drawn yet may still move this missile by its old register.
                DrawTo(clock);
                WriteMotionM0((byte)(value >> 4), clock);
                break;
            case 0x25:
                WriteFlag(ref _s.Delay0, (value & 1) != 0, P0, clock);
                break;
            case 0x26:
                WriteFlag(ref _s.Delay1, (value & 1) != 0, P1, clock);
                break;
            case 0x27:
                WriteFlag(ref _s.DelayBall, (value & 1) != 0, Ball, clock);
                break;
            case 0x28:
                DrawTo(clock);
                WriteLock(ref _s.LockM0, ref _s.PositionM0, value, _s.PositionP0, _s.Nusiz0, M0);
                break;
            case 0x29:
                DrawTo(clock);
                WriteLock(ref _s.LockM1, ref _s.PositionM1, value, _s.PositionP1, _s.Nusiz1, M1);
                break;
            case 0x2A:
                DrawTo(clock);
                Move(clock, LineClock(clock) / 3);
                break;
            case 0x2B:
                Touch(clock);
                (_s.MotionP0, _s.MotionP1, _s.MotionM0, _s.MotionM1, _s.MotionBall) = (0, 0, 0, 0, 0);
                break;
            case 0x2C:
                DrawTo(clock);
                _s.Collisions = 0;
                break;
        }

        return cycles;
    }

    /// <summary>Reads a register; the bits that the chip does not drive are those of the last byte on the bus.</summary>
    /// <param name="address">Any address of the chip.</param>
    /// <param name="noise">The last byte on the bus.</param>
    /// <param name="cycles">The cycle counter at the end of the instruction.</param>
    public byte Read(int address, int noise, int cycles)
    {
        var clock = cycles * 3;
        address &= 0xF;
        if (address < 8)
        {
            DrawTo(clock);
        }
        else
        {
            Touch(clock);
        }

        var driven = address switch
        {
            < 8 => ((_s.Collisions >> (14 - (2 * address))) & 3) << 6,
            0x8 => Charge(Input.Pot0, cycles),
            0x9 => Charge(Input.Pot1, cycles),
            0xA => Charge(Input.Pot2, cycles),
            0xB => Charge(Input.Pot3, cycles),
            0xC => (Input.Fire & 1) != 0 ? 0 : 0x80,
            0xD => (Input.Fire & 2) != 0 ? 0 : 0x80,
            _ => 0,
        };
        return (byte)(driven | (noise & 0x3F));
    }

    private void EndOfFrame()
    {
        _s.InFrame = false;
        Processor?.Stop();
    }

    private void WriteVsync(byte value, int clock)
    {
        _s.Vsync = value;
        if ((value & 2) != 0)
        {
            _s.VsyncEnd = clock + LineClocks;
        }
        else if (clock >= _s.VsyncEnd)
        {
            _s.VsyncEnd = Never;
            EndOfFrame();
        }
    }

    private void WriteVblank(byte value, int cycles)
    {
        if (((value ^ _s.Vblank) & 0x80) != 0)
        {
            _s.Dumped = (value & 0x80) != 0;
            if (!_s.Dumped)
            {
                _s.DumpEndedAt = cycles;
            }
        }

        _s.Vblank = value;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int WriteColour(ref byte colour, byte value, int clock, int cycles)
    {
        var written = Colour(value);
        Change(colour != written ? Appearance : 0, clock);
        colour = written;
        return cycles;
    }

    private void WriteFlag(ref bool flag, bool value, int item, int clock)
    {
        Change(flag != value ? item : 0, clock);
        flag = value;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int WritePlayfield(uint mask, uint bits, int clock, int cycles)
    {
        bits |= _s.PlayfieldBits & ~mask;

        // The cycle modulo 4: a line has a multiple of four cycles, and the negative of three times a number is the number itself.
        clock += PlayfieldDelays[(_s.FrameStart - clock) & 3];
        if (bits != _s.PlayfieldBits)
        {
            if (!IsUnseen(Playfield))
            {
                return DrawPlayfield(bits, clock, cycles);
            }

            Refresh(Playfield);
            _s.PlayfieldBits = bits;
        }

        Touch(clock);
        return cycles;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int DrawPlayfield(uint bits, int clock, int cycles)
    {
        DrawTo(clock);
        Refresh(Playfield);
        _s.PlayfieldBits = bits;
        return cycles;
    }

    private void WriteControl(byte value, int lineClock)
    {
        _s.Ctrlpf = value;
        if (lineClock < BlankClocks + 79)
        {
            _l.Mirrored = (value & 1) != 0;
            Refresh(Playfield);
        }

        Place(Ball);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int LineClock(int clock) => (int)((uint)(clock - _s.FrameStart) % LineClocks);

    /// <summary>The program has made the chip draw, but nothing changes yet: it can be put off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Touch(int clock) => _touched = Math.Max(_touched, clock);

    /// <summary>Before a write that changes how some objects, or none, look.</summary>
    private void Change(int objects, int clock)
    {
        if (objects == 0 || IsUnseen(objects))
        {
            Touch(clock);
        }
        else
        {
            DrawTo(clock);
        }

        Refresh(objects & AllObjects);
    }

    /// <summary>The capacitor at a paddle's pin charges through its resistance; bit 7 is set when it has.</summary>
    private int Charge(int resistance, int cycles)
    {
        if (resistance == 0)
        {
            return 0x80;
        }

        if (resistance == ConsoleInput.Open || _s.Dumped)
        {
            return 0;
        }

        // 1.6 time constants of 10 nF, in processor cycles; the sum wraps around where the dump ended in an earlier frame.
        var needed = (uint)(1.6 * resistance * 0.01e-6 * 1.19e6);
        return (uint)cycles > (uint)_s.DumpEndedAt + needed ? 0x80 : 0;
    }
}
