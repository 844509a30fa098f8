namespace Rapid.Environments.Atari.Machine;

internal sealed partial class Tia
{
    /// <summary>Colour clocks from a write to its effect: playfield writes by the line's cycle modulo 4, -1; the others 0 to 8.</summary>
    static ReadOnlySpan<sbyte> WriteDelays =>
    [
        0, 1, 0, 0, 8, 8, 0, 0, 0, 0, 0, 1, 1, -1, -1, -1, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    static ReadOnlySpan<sbyte> PlayfieldDelays => [4, 5, 2, 3];

    // The clock up to which the program has made the chip draw, where drawing was put off because nothing depended on it.
    int _touched;

    /// <summary>Writes a register.</summary>
    /// <param name="address">Any address of the chip.</param>
    /// <param name="value">The byte.</param>
    /// <param name="cycles">The cycle counter at the end of the instruction.</param>
    /// <param name="afterRead">The processor's last access before this one was a read.</param>
    /// <returns>The cycle counter, later if the processor waits for the end of the line.</returns>
    public int Write(int address, byte value, int cycles, bool afterRead)
    {
        address &= 0x3F;
        var clock = cycles * 3;
        var lineClock = (int)((uint)(clock - _s.FrameStart) % LineClocks);
        var delay = (int)WriteDelays[address];
        if (delay < 0)
        {
            delay = PlayfieldDelays[(lineClock / 3) & 3];
        }

        Draw(clock + delay);
        if (clock - _s.FrameStart >= (_lastLine + 1) * LineClocks)
        {
            EndOfFrame();
        }

        switch (address)
        {
            case 0x00:
                WriteVsync(value, clock);
                break;
            case 0x01:
                WriteVblank(value, cycles);
                break;
            case 0x02 when afterRead && lineClock != 0:
                return cycles + 76 - (lineClock / 3);
            case 0x04:
                _s.Nusiz0 = value;
                _l.P0Suppressed = false;
                Place(P0 | M0);
                break;
            case 0x05:
                _s.Nusiz1 = value;
                _l.P1Suppressed = false;
                Place(P1 | M1);
                break;
            case 0x06:
                _s.ColourP0 = Colour(value);
                break;
            case 0x07:
                _s.ColourP1 = Colour(value);
                break;
            case 0x08:
                _s.ColourPlayfield = Colour(value);
                break;
            case 0x09:
                _s.ColourBackground = Colour(value);
                break;
            case 0x0A:
                _s.Ctrlpf = value;
                if (lineClock < BlankClocks + 79)
                {
                    _l.Mirrored = (value & 1) != 0;
                    Refresh(Playfield);
                }

                Place(Ball);
                break;
            case 0x0B:
                _s.Reflect0 = (value & 8) != 0;
                Refresh(P0);
                break;
            case 0x0C:
                _s.Reflect1 = (value & 8) != 0;
                Refresh(P1);
                break;
            case 0x0D:
                WritePlayfield(0x0000F, (uint)value >> 4);
                break;
            case 0x0E:
                WritePlayfield(0x00FF0, (uint)LineMask.PlayerPixels(value, 1) << 4);
                break;
            case 0x0F:
                WritePlayfield(0xFF000, (uint)value << 12);
                break;
            case >= 0x10 and <= 0x14:
                Strobe(address, clock, lineClock);
                break;
            case 0x1B:
                _s.Graphics0 = value;
                _s.Delayed1 = _s.Graphics1;
                Refresh(P0 | P1);
                break;
            case 0x1C:
                _s.Graphics1 = value;
                _s.Delayed0 = _s.Graphics0;
                _s.DelayedBall = _s.EnableBall;
                Refresh(P0 | P1 | Ball);
                break;
            case 0x1D:
                _s.EnableM0 = (value & 2) != 0;
                Refresh(M0);
                break;
            case 0x1E:
                _s.EnableM1 = (value & 2) != 0;
                Refresh(M1);
                break;
            case 0x1F:
                _s.EnableBall = (value & 2) != 0;
                Refresh(Ball);
                break;
            case 0x20:
                _s.MotionP0 = (byte)(value >> 4);
                break;
            case 0x21:
                _s.MotionP1 = (byte)(value >> 4);
                break;
            case 0x22:
                WriteMotionM0((byte)(value >> 4), clock);
                break;
            case 0x23:
                _s.MotionM1 = (byte)(value >> 4);
                break;
            case 0x24:
                _s.MotionBall = (byte)(value >> 4);
                break;
            case 0x25:
                _s.Delay0 = (value & 1) != 0;
                Refresh(P0);
                break;
            case 0x26:
                _s.Delay1 = (value & 1) != 0;
                Refresh(P1);
                break;
            case 0x27:
                _s.DelayBall = (value & 1) != 0;
                Refresh(Ball);
                break;
            case 0x28:
                WriteLock(ref _s.LockM0, ref _s.PositionM0, value, _s.PositionP0, _s.Nusiz0, M0);
                break;
            case 0x29:
                WriteLock(ref _s.LockM1, ref _s.PositionM1, value, _s.PositionP1, _s.Nusiz1, M1);
                break;
            case 0x2A:
                Move(clock, lineClock / 3);
                break;
            case 0x2B:
                (_s.MotionP0, _s.MotionP1, _s.MotionM0, _s.MotionM1, _s.MotionBall) = (0, 0, 0, 0, 0);
                break;
            case 0x2C:
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
            Draw(clock);
        }
        else
        {
            _touched = clock;
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

    void EndOfFrame()
    {
        _s.InFrame = false;
        FrameEnded = true;
    }

    void WriteVsync(byte value, int clock)
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

    void WriteVblank(byte value, int cycles)
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

    void WritePlayfield(uint mask, uint bits)
    {
        _s.PlayfieldBits = (_s.PlayfieldBits & ~mask) | bits;
        Refresh(Playfield);
    }

    /// <summary>The capacitor at a paddle's pin charges through its resistance; bit 7 is set when it has.</summary>
    int Charge(int resistance, int cycles)
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
