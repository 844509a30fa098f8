namespace Rapid.Environments.Atari.Machine;

internal sealed partial class Tia
{
    /// <summary>RESP0, RESP1, RESM0, RESM1 and RESBL.</summary>
    private void Strobe(int address, int clock, int lineClock)
    {
        // Clocks since the last HMOVE: a few programs strobe while objects are still moving.
        var sinceMove = clock - _s.LastHmove;
        switch (address)
        {
            case 0x10:
                ResetPlayer(ref _s.PositionP0, ref _l.P0Suppressed, _s.Nusiz0, P0, clock, lineClock);
                break;
            case 0x11:
                ResetPlayer(ref _s.PositionP1, ref _l.P1Suppressed, _s.Nusiz1, P1, clock, lineClock);
                break;
            case 0x12:
                _s.PositionM0 = (byte)((sinceMove, lineClock) is (60, 69) ? 8 : Motion.SmallReset(lineClock));
                Place(M0);
                break;
            case 0x13:
                _s.PositionM1 = (byte)((sinceMove, lineClock) is (9, 18) ? 3 : Motion.SmallReset(lineClock));
                Place(M1);
                break;
            default:
                _s.PositionBall = (byte)((sinceMove, lineClock) switch
                {
                    (54, 60 or 69) => 10,
                    (9, 18) => 3,
                    (21, 30) => 6,
                    (18, 27) => 5,
                    _ => Motion.SmallReset(lineClock),
                });
                Place(Ball);
                break;
        }
    }

    private void ResetPlayer(ref byte position, ref bool suppressed, byte nusiz, int player, int clock, int lineClock)
    {
        var moved = Motion.PlayerReset(lineClock);
        var within = Motion.ResetWithin(nusiz, position, moved);
        if (within == 1)
        {
            DrawTo(clock + 11);
        }

        position = (byte)moved;
        suppressed = within != -1;
        Place(player);
    }

    private void WriteLock(ref bool locked, ref byte position, byte value, byte player, byte nusiz, int missile)
    {
        var locks = (value & 2) != 0;
        if (locked && !locks)
        {
            var middle = (nusiz & 7) switch { 5 => 8, 7 => 16, _ => 4 };
            position = (byte)((player + middle) % Width);
            Place(missile);
        }

        locked = locks;
        Refresh(missile);
    }

    private void WriteMotionM0(byte value, int clock)
    {
        // The star field of Cosmic Ark: a motion register changed just after HMOVE keeps its missile moving.
        if (clock == _s.LastHmove + 63 && _s.MotionM0 == 7 && value == 6)
        {
            _s.CosmicArk = true;
            _s.CosmicArkCounter = 0;
        }

        _s.MotionM0 = value;
    }

    private void Move(int clock, int cycle)
    {
        if (_hmoveBlanks && Motion.Blanks(cycle))
        {
            _s.HmoveBlank = true;
        }

        _s.LastHmove = clock;
        _s.CosmicArk = false;
        _s.PositionP0 = Motion.Moved(_s.PositionP0, cycle, _s.MotionP0);
        _s.PositionP1 = Motion.Moved(_s.PositionP1, cycle, _s.MotionP1);
        _s.PositionM0 = Motion.Moved(_s.PositionM0, cycle, _s.MotionM0);
        _s.PositionM1 = Motion.Moved(_s.PositionM1, cycle, _s.MotionM1);
        _s.PositionBall = Motion.Moved(_s.PositionBall, cycle, _s.MotionBall);
        _l.P0Suppressed = false;
        _l.P1Suppressed = false;
        Place(P0 | P1 | M0 | M1 | Ball);
    }

    /// <summary>Objects are drawn from now on as their registers say.</summary>
    private void Place(int objects)
    {
        if ((objects & P0) != 0)
        {
            (_l.P0Position, _l.P0Size) = (_s.PositionP0, (byte)(_s.Nusiz0 & 7));
        }

        if ((objects & P1) != 0)
        {
            (_l.P1Position, _l.P1Size) = (_s.PositionP1, (byte)(_s.Nusiz1 & 7));
        }

        if ((objects & M0) != 0)
        {
            (_l.M0Position, _l.M0Size, _l.M0Hidden) = (_s.PositionM0, (byte)(_s.Nusiz0 & 0x37), false);
        }

        if ((objects & M1) != 0)
        {
            (_l.M1Position, _l.M1Size) = (_s.PositionM1, (byte)(_s.Nusiz1 & 0x37));
        }

        if ((objects & Ball) != 0)
        {
            (_l.BallPosition, _l.BallSize) = (_s.PositionBall, (byte)(_s.Ctrlpf & 0x30));
        }

        Refresh(objects);
    }

    /// <summary>What happens after the last pixel of a line that is shown.</summary>
    private void EndLine()
    {
        _l.Row += Width;
        var mirrored = (_s.Ctrlpf & 1) != 0;
        if (mirrored != _l.Mirrored)
        {
            _l.Mirrored = mirrored;
            Refresh(Playfield);
        }

        EndLine(P0, ref _l.P0Suppressed, ref _l.P0Position, ref _l.P0Size, _s.PositionP0, _s.Nusiz0);
        EndLine(P1, ref _l.P1Suppressed, ref _l.P1Position, ref _l.P1Size, _s.PositionP1, _s.Nusiz1);
        if (_s.CosmicArk)
        {
            DriftCosmicArk();
        }
    }

    private void EndLine(int player, ref bool suppressed, ref byte position, ref byte size, byte newPosition, byte nusiz)
    {
        if (suppressed || position != newPosition || size != (nusiz & 7))
        {
            (suppressed, position, size) = (false, newPosition, (byte)(nusiz & 7));
            Refresh(player);
        }
    }

    private void DriftCosmicArk()
    {
        ReadOnlySpan<byte> steps = [18, 33, 0, 17];
        _s.CosmicArkCounter = (byte)((_s.CosmicArkCounter + 1) & 3);
        var moved = _s.PositionM0 - steps[_s.CosmicArkCounter];
        _s.PositionM0 = (byte)(moved < 0 ? moved + Width : moved);
        Place(M0);
        if (_s.CosmicArkCounter == 1)
        {
            _l.M0Size |= 0x10;
        }

        _l.M0Hidden = _s.CosmicArkCounter == 2;
    }
}
