using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Atari.Machine;

/// <summary>
/// The TIA: playfield, two players, two missiles, a ball, their collisions and the paddles' inputs. It draws late: only when the processor
/// touches it, up to the colour clock of that access.
/// </summary>
internal sealed partial class Tia
{
    /// <summary>Pixels in a line; 68 colour clocks of blank come before them.</summary>
    public const int Width = 160;

    private const int LineClocks = 228, BlankClocks = 68, Never = int.MaxValue;

    private readonly bool _hmoveBlanks, _colourLoss;
    private readonly int _windowStart, _windowLength, _height, _longestFrame;
    private byte[] _screen, _previous;

    // Bytes at the start of each screen that frames have passed without drawing them.
    private int _undrawn, _previousUndrawn;
    private bool _drawsWhole;
    private State _s;
    private Latches _l;

    /// <summary>A chip that shows some lines of the frame.</summary>
    /// <param name="firstLine">First line shown.</param>
    /// <param name="height">Lines shown.</param>
    /// <param name="television">Frames may be longer for PAL and SECAM, and lose their colours for PAL.</param>
    /// <param name="hmoveBlanks">HMOVE blanks the left edge.</param>
    /// <param name="inFrame">A frame is in progress.</param>
    public Tia(int firstLine, int height, TelevisionStandard television, bool hmoveBlanks, bool inFrame = false)
    {
        (_windowStart, _windowLength, _height) = (firstLine * LineClocks, height * LineClocks, height);
        (_colourLoss, _hmoveBlanks) = (television == TelevisionStandard.Pal, hmoveBlanks);
        _longestFrame = (television is TelevisionStandard.Pal or TelevisionStandard.Secam ? 343 : 291) * LineClocks;
        _screen = new byte[Width * height];
        _previous = new byte[Width * height];
        _s.InFrame = inFrame;
        Reset();
    }

    /// <summary>[height * 160], the frame that is drawn or was drawn last.</summary>
    public byte[] Screen => _screen;

    /// <summary>[height * 160], the frame before.</summary>
    public byte[] PreviousScreen => _previous;

    /// <summary>Whether lines are put into <see cref="Screen"/>; collisions do not depend on it.</summary>
    public bool Draws { get; set; } = true;

    /// <summary>Who is to stop when its program has ended a frame.</summary>
    public Cpu6507? Processor { get; set; }

    /// <summary>What is on the pins.</summary>
    public ConsoleInput Input { get; set; }

    /// <summary>Lines of the frame so far, whether it has ended or not.</summary>
    /// <param name="cycles">The cycle counter.</param>
    public int LinesAt(int cycles) => ((cycles * 3) - _s.FrameStart) / LineClocks;

    /// <summary>The frame in progress has not ended within its limit of instructions.</summary>
    public bool InFrame => _s.InFrame;

    /// <summary><see cref="Screen"/> shows what it would if every frame had been drawn.</summary>
    public bool IsScreenWhole => _undrawn == 0;

    /// <summary>Both screens show what they would if every frame had been drawn.</summary>
    public bool IsWhole => (_undrawn | _previousUndrawn) == 0;

    /// <summary>Goes back to an earlier moment, from which on all frames are drawn again.</summary>
    /// <param name="screen">What <see cref="Screen"/> was then.</param>
    public void Rewind(byte[] screen)
    {
        if (_screen != screen)
        {
            (_screen, _previous) = (_previous, _screen);
        }

        (_undrawn, _previousUndrawn) = (0, 0);
    }

    /// <summary>Clears everything, also both screens; a frame in progress stays in progress.</summary>
    public void Reset()
    {
        _s = new State { InFrame = _s.InFrame, ToLineEnd = LineClocks, VsyncEnd = Never };
        _s.WindowStart = _windowStart;
        _s.WindowStop = _windowStart + _windowLength;
        _l = new Latches { Greyed = _l.Greyed };
        (_undrawn, _previousUndrawn) = (0, 0);
        Array.Clear(_screen);
        Array.Clear(_previous);
        Refresh(AllObjects);
    }

    /// <summary>Exchanges the screens and starts to count from the beginning of a frame, unless one is in progress.</summary>
    /// <param name="cycles">The cycle counter, which the caller sets to 0 when told so.</param>
    /// <returns>Whether a frame was started.</returns>
    public bool StartFrame(int cycles)
    {
        _drawsWhole = Draws && !_s.InFrame;
        if (_s.InFrame)
        {
            return false;
        }

        // Some programs position objects during VSYNC: the place in the line goes on.
        var clock = cycles * 3;
        var start = -((clock - _s.FrameStart) % LineClocks);
        (_screen, _previous) = (_previous, _screen);
        (_undrawn, _previousUndrawn) = (_previousUndrawn, _undrawn);
        _s.VsyncEnd -= clock;
        _s.LastHmove -= clock;
        _s.DumpEndedAt -= cycles;
        _s.FrameStart = start;
        _s.WindowStart = start + _windowStart;
        _s.WindowStop = _s.WindowStart + _windowLength;
        _s.DrawnTo = _s.WindowStart;
        _s.ToLineEnd = LineClocks;
        _l.Row = 0;
        _l.Greyed = false;
        if (_colourLoss)
        {
            _s.ColourP0 = Colour(_s.ColourP0);
            _s.ColourP1 = Colour(_s.ColourP1);
            _s.ColourPlayfield = Colour(_s.ColourPlayfield);
            _s.ColourBackground = Colour(_s.ColourBackground);
        }

        _s.InFrame = true;
        return true;
    }

    /// <summary>After the processor has stopped: counts the lines, or greys what a frame in progress has not drawn yet.</summary>
    /// <param name="cycles">The cycle counter.</param>
    public void EndFrame(int cycles)
    {
        // Nothing stays put off between frames: one that goes on from a saved moment would be drawn as far as a later one was.
        DrawTo(_touched);
        _touched = 0;
        var line = LinesAt(cycles);
        if (!_s.InFrame)
        {
            _s.LinesOfLastFrame = line;
            NoteExtent();
            return;
        }

        if (!Draws || !IsWhole)
        {
            // What is to be greyed is not there; nothing of this screen can be trusted until the frame is drawn again.
            _undrawn = _screen.Length;
        }
        else if (!_l.Greyed)
        {
            Grey(line);
        }

        _l.Greyed = true;
    }

    /// <summary>How much of the screen a frame without drawing left behind, or whether a drawn one covered all that was.</summary>
    private void NoteExtent()
    {
        var extent = Math.Min(_l.Row + Math.Max(0, LineClocks - _s.ToLineEnd - BlankClocks), _screen.Length);
        if (!_drawsWhole)
        {
            _undrawn = Draws ? _undrawn : Math.Max(_undrawn, extent);
        }
        else if (extent >= _undrawn)
        {
            _undrawn = 0;
        }
    }

    private void Grey(int line)
    {
        var first = Math.Clamp(line - (_windowStart / LineClocks), 0, _height) * Width;
        foreach (ref var pixel in _screen.AsSpan(first))
        {
            pixel = (byte)((pixel & 0xF) >> 1);
        }
    }

    /// <summary>The value of a colour register; on a PAL machine an odd number of lines costs the colour.</summary>
    private byte Colour(int value) => (byte)((value & 0xFE) | (_colourLoss ? _s.LinesOfLastFrame & 1 : 0));
}
