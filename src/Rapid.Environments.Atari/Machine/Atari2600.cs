using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine.Cartridges;

namespace Rapid.Environments.Atari.Machine;

/// <summary>
/// The machine: processor, RIOT, TIA and a cartridge. It runs frame by frame and depends on nothing but its program, its own seed and what
/// is pressed.
/// </summary>
internal sealed class Atari2600
{
    // Seed of what is random when the machine is switched on: memory and the timer.
    private const uint SystemSeed = 4753849;

    // A frame that does not end within so many instructions is shown as it is.
    private const int InstructionsPerFrame = 25000;

    private const int PalHeight = 250;

    // Frames that are kept in mind to be drawn later; the last ones before the limit are drawn at once.
    private const int KeptFrames = 64, DrawnFrames = 2;

    private readonly MersenneTwister _random = new(SystemSeed);
    private readonly Cpu6507 _cpu;
    private readonly Riot _riot;
    private readonly Cartridge _cartridge;
    private ConsoleInput[]? _keptInputs;
    private MachineState? _keptState;
    private byte[] _keptScreen = [];
    private Tia.Latches _keptLatches;
    private int _kept;

    // A bit for each kept frame: somebody looked at the memory after it.
    private ulong _keptLooks;

    /// <summary>A machine that was switched on and has found out, unless it is told, which television its program is for.</summary>
    /// <exception cref="ArgumentException">The image is of no known kind.</exception>
    public Atari2600(ReadOnlySpan<byte> rom, ConsoleProperties properties)
    {
        _riot = new Riot(_random);
        _cartridge = CartridgeFactory.Create(rom);
        Graphics = new Tia(properties.FirstLine, properties.Height, TelevisionStandard.Ntsc, properties.HmoveBlanks);
        _cpu = new Cpu6507(_riot, Graphics, _cartridge);
        Television = properties.Television;
        if (Television == TelevisionStandard.Detected)
        {
            Reset();
            Television = LooksLikePal(properties) ? TelevisionStandard.Pal : TelevisionStandard.Ntsc;
        }

        if (Television != TelevisionStandard.Ntsc)
        {
            var height = properties.Height == new ConsoleProperties().Height ? PalHeight : properties.Height;
            Graphics = new Tia(properties.FirstLine, height, Television, properties.HmoveBlanks, Graphics.InFrame);
            _cpu.Graphics = Graphics;
        }

        Reset();
    }

    /// <summary>Which television the program is for.</summary>
    public TelevisionStandard Television { get; }

    /// <summary>The graphics chip, which has the screen.</summary>
    public Tia Graphics { get; }

    /// <summary>[128], $80..$FF.</summary>
    public byte[] Ram => _riot.Memory;

    /// <summary>As the console's power switch; RIOT memory stays as it is.</summary>
    public void Reset()
    {
        _kept = 0;
        _cpu.Cycles = 0;
        _riot.Reset();
        Graphics.Reset();
        _cartridge.Reset(_random);
        _cpu.Reset();
    }

    /// <summary>Runs until the program ends its frame, or for 25000 instructions.</summary>
    /// <param name="input">What is pressed.</param>
    /// <param name="draw">Draw it. A frame that is not drawn costs less, and is drawn later if it turns out to be visible.</param>
    public void RunFrame(in ConsoleInput input, bool draw = true)
    {
        draw |= _kept >= KeptFrames - DrawnFrames;
        if (Graphics.IsWhole)
        {
            _kept = 0;
            if (!draw)
            {
                Keep();
            }
        }

        if (!draw || !Graphics.IsWhole)
        {
            _keptLooks &= ~(1UL << _kept);
            _keptInputs![_kept++] = input;
        }

        Run(input, draw);
        if (_kept == KeptFrames)
        {
            DrawAll();
        }
    }

    /// <summary>Makes the newest screen, or both, show what they would if every frame had been drawn.</summary>
    public void DrawScreen(bool alsoPrevious)
    {
        if (alsoPrevious || !Graphics.IsScreenWhole)
        {
            DrawAll();
        }
    }

    /// <summary>Makes both screens show what they would if every frame had been drawn.</summary>
    public void DrawAll()
    {
        if (!Graphics.IsWhole)
        {
            Restore(_keptState!);
            Graphics.Drawing = _keptLatches;
            Graphics.Rewind(_keptScreen);
            for (var frame = 0; frame < _kept; frame++)
            {
                Run(_keptInputs![frame], draw: true);
                if ((_keptLooks & (1UL << frame)) != 0)
                {
                    ShowMemory();
                }
            }
        }

        _kept = 0;
    }

    /// <summary>Writes everything that a saved state holds.</summary>
    public void Save(MachineState state)
    {
        (state.Processor, state.Timer, state.Graphics) = (_cpu.Registers, _riot.Registers, Graphics.Registers);
        _riot.Memory.CopyTo(state.Ram, 0);
        _cartridge.Memory.CopyTo(state.CartridgeMemory, 0);
        _cartridge.Save(state.CartridgeState);
    }

    /// <summary>An empty state of this machine.</summary>
    public MachineState NewState() => new(_cartridge.Memory.Length, _cartridge.StateSize);

    /// <summary>Goes to a saved state. The screens and how objects are just drawn stay as they are.</summary>
    public void Restore(MachineState state)
    {
        state.CartridgeMemory.CopyTo(_cartridge.Memory, 0);
        _cartridge.Restore(state.CartridgeState);
        (_cpu.Registers, _riot.Registers, Graphics.Registers) = (state.Processor, state.Timer, state.Graphics);
        state.Ram.CopyTo(_riot.Memory, 0);
    }

    /// <summary>Whoever owns the machine looks at its memory after one or more frames, and leaves the last byte on the bus.</summary>
    public void LookAtMemory()
    {
        ShowMemory();
        if (_kept > 0)
        {
            _keptLooks |= 1UL << (_kept - 1);
        }
    }

    /// <summary>Writes the position of the machine's random generator.</summary>
    public void SaveRandom(Span<uint> state) => _random.Save(state);

    /// <summary>Takes back what <see cref="SaveRandom"/> wrote.</summary>
    public void RestoreRandom(ReadOnlySpan<uint> state) => _random.Restore(state);

    private void Keep()
    {
        _keptInputs ??= new ConsoleInput[KeptFrames];
        Save(_keptState ??= NewState());
        (_keptLatches, _keptScreen) = (Graphics.Drawing, Graphics.Screen);
    }

    private void ShowMemory() => _cpu.Bus = Ram[^1];

    private void Run(in ConsoleInput input, bool draw)
    {
        Graphics.Input = input;
        Graphics.Draws = draw;
        _riot.PortA = input.PortA;
        _riot.PortB = input.Switches;
        if (Graphics.StartFrame(_cpu.Cycles))
        {
            _riot.Rebase(_cpu.Cycles);
            _cartridge.Rebase(_cpu.Cycles);
            _cpu.Cycles = 0;
        }

        _cpu.Run(InstructionsPerFrame);
        Graphics.EndFrame(_cpu.Cycles);
    }

    /// <summary>What the processor would read, without effects.</summary>
    public byte Peek(int address) => (address & 0x1280) switch
    {
        >= 0x1000 => _cartridge.Peek(address),
        0x80 => _riot.Memory[address & 0x7F],
        _ => 0,
    };

    private bool LooksLikePal(ConsoleProperties properties)
    {
        var input = ConsoleInput.Idle;
        input.Switches = (byte)(0x3F | (properties.LeftDifficultyA ? 0x40 : 0) | (properties.RightDifficultyA ? 0x80 : 0));
        if (properties.Left == Controller.Paddles)
        {
            input.Pot0 = input.Pot1 = 0;
        }

        if (properties.Right == Controller.Paddles)
        {
            input.Pot2 = input.Pot3 = 0;
        }

        var tall = 0;
        for (var frame = 0; frame < 60; frame++)
        {
            // Nobody looks at the memory meanwhile, and a frame that has not ended counts as far as it has come.
            Run(input, draw: true);
            tall += frame >= 30 && Graphics.LinesAt(_cpu.Cycles) > 285 ? 1 : 0;
        }

        return tall >= 15;
    }
}
