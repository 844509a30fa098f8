namespace Rapid.Environments.Atari.Machine;

internal sealed partial class Tia
{
    /// <summary>Objects as bits of a set.</summary>
    private const int P0 = 1, M0 = 2, P1 = 4, M1 = 8, Ball = 16, Playfield = 32, AllObjects = 63, Appearance = 256;

    /// <summary>Registers, positions and clocks: what a saved state holds.</summary>
    internal struct State
    {
        // Clocks count from the start of the frame's cycle counter; FrameStart is 0 or a little before.
        public int FrameStart, WindowStart, WindowStop, DrawnTo, ToLineEnd, VsyncEnd, LastHmove, DumpEndedAt, LinesOfLastFrame;
        public uint PlayfieldBits;
        public ushort Collisions;
        public byte Vsync, Vblank, Nusiz0, Nusiz1, Ctrlpf;
        public byte ColourP0, ColourP1, ColourPlayfield, ColourBackground;
        public byte Graphics0, Graphics1, Delayed0, Delayed1;
        public byte PositionP0, PositionP1, PositionM0, PositionM1, PositionBall;
        public byte MotionP0, MotionP1, MotionM0, MotionM1, MotionBall, CosmicArkCounter;
        public bool Reflect0, Reflect1, EnableM0, EnableM1, EnableBall, DelayedBall, Delay0, Delay1, DelayBall, LockM0, LockM1;
        public bool HmoveBlank, CosmicArk, Dumped, InFrame;
    }

    /// <summary>
    /// What the objects are drawn with. It follows the registers only at certain events (a strobe, a write of NUSIZ, the end of a line) and
    /// is not part of a saved state.
    /// </summary>
    internal struct Latches
    {
        public int Row;
        public byte P0Position, P1Position, M0Position, M1Position, BallPosition;
        public byte P0Size, P1Size, M0Size, M1Size, BallSize;
        public bool P0Suppressed, P1Suppressed, M0Hidden, Mirrored, Greyed;
    }

    /// <summary>Registers, for saving and restoring.</summary>
    public State Registers
    {
        get => _s;
        set
        {
            _s = value;
            Refresh(AllObjects);
        }
    }

    /// <summary>What objects are drawn with, for going back a few frames.</summary>
    public Latches Drawing
    {
        get => _l;
        set
        {
            _l = value;
            Refresh(AllObjects);
        }
    }
}
