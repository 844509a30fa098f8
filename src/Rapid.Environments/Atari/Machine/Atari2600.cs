using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine.Cartridges;

namespace Rapid.Environments.Atari.Machine;

/// <summary>
/// The machine: processor, RIOT, TIA and a cartridge. It runs frame by frame and depends on nothing but its program, its own seed and what is
/// pressed.
/// </summary>
internal sealed class Atari2600
{
    // Seed of what is random when the machine is switched on: memory and the timer.
    const uint SystemSeed = 4753849;

    // A frame that does not end within so many instructions is shown as it is.
    const int InstructionsPerFrame = 25000;

    const int PalHeight = 250;

    readonly MersenneTwister _random = new(SystemSeed);
    readonly Cpu6507 _cpu;
    readonly Riot _riot;
    readonly Cartridge _cartridge;

    /// <summary>A machine that was switched on and has found out whether its program is for NTSC or PAL television.</summary>
    /// <exception cref="ArgumentException">The image is of no known kind.</exception>
    public Atari2600(ReadOnlySpan<byte> rom, ConsoleProperties properties)
    {
        _riot = new Riot(_random);
        _cartridge = CartridgeFactory.Create(rom);
        Graphics = new Tia(properties.FirstLine, properties.Height, pal: false, properties.HmoveBlanks);
        _cpu = new Cpu6507(_riot, Graphics, _cartridge);
        Reset();
        IsPal = LooksLikePal(properties);
        if (IsPal)
        {
            var height = properties.Height == new ConsoleProperties().Height ? PalHeight : properties.Height;
            Graphics = new Tia(properties.FirstLine, height, pal: true, properties.HmoveBlanks, Graphics.InFrame);
            _cpu.Graphics = Graphics;
        }

        Reset();
    }

    /// <summary>The program makes PAL frames.</summary>
    public bool IsPal { get; }

    /// <summary>The graphics chip, which has the screen.</summary>
    public Tia Graphics { get; }

    /// <summary>[128], $80..$FF.</summary>
    public byte[] Ram => _riot.Memory;

    /// <summary>As the console's power switch; RIOT memory stays as it is.</summary>
    public void Reset()
    {
        _cpu.Cycles = 0;
        _riot.Reset();
        Graphics.Reset();
        _cartridge.Reset(_random);
        _cpu.Reset();
    }

    /// <summary>Runs until the program ends its frame, or for 25000 instructions.</summary>
    public void RunFrame(in ConsoleInput input)
    {
        Graphics.Input = input;
        _riot.PortA = input.PortA;
        _riot.PortB = input.Switches;
        if (Graphics.StartFrame(_cpu.Cycles))
        {
            _riot.Rebase(_cpu.Cycles);
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

    /// <summary>The last byte on the bus was read by the console's owner, not by its processor.</summary>
    public void LeaveOnBus(byte value) => _cpu.Bus = value;

    bool LooksLikePal(ConsoleProperties properties)
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
            RunFrame(input);
            tall += frame >= 30 && Graphics.LinesOfLastFrame > 285 ? 1 : 0;
        }

        return tall >= 15;
    }
}
