using Rapid.Environments.Atari.Arcade;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;

namespace Rapid.Environments.Tests.Atari;

/// <summary>
/// What stays on the bus when somebody looks at the memory between frames. A program can find out only by running in the graphics chip's
/// registers, most bits of which are those of the byte before.
/// </summary>
public sealed class BusTests
{
    private const int Seen = 0x05, Blocks = 0x11;

    [Fact]
    public void Frames_leave_the_bus_alone_until_somebody_looks_at_the_memory()
    {
        var machine = new Atari2600(Program(0, 0xFF), new ConsoleProperties { Television = TelevisionStandard.Ntsc });
        Play(machine, 5, draw: true, look: false);
        Assert.Equal(0, machine.Ram[Seen]);
        Play(machine, 3, draw: true, look: true);
        Assert.Equal(5, machine.Ram[Seen]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Frames_that_are_drawn_afterwards_find_the_same_on_the_bus(bool look)
    {
        var properties = new ConsoleProperties { Television = TelevisionStandard.Ntsc };
        var (drawn, undrawn) = (new Atari2600(Program(0, 255), properties), new Atari2600(Program(0, 255), properties));
        foreach (var looks in new[] { false, look, false })
        {
            Play(drawn, 2, draw: true, looks);
            Play(undrawn, 2, draw: false, looks);
        }

        undrawn.DrawAll();
        Assert.Equal(look ? 5 : 0, drawn.Ram[Seen]);
        Assert.Equal(drawn.Ram, undrawn.Ram);
    }

    [Fact]
    public void A_console_looks_at_its_memory_after_all_frames_of_an_action_not_between_them()
    {
        // Frames 21 to 42 of the 60 that settle the console.
        var settings = new ArcadeSettings { RepeatActionProbability = 0 };
        var console = new ArcadeConsole(Program(30, 60), GameTable.Unknown(""), settings);
        Assert.InRange(console.Ram[Blocks], 70, 255);
        Assert.Equal(0, console.Ram[Seen]);

        var other = new ArcadeConsole(Program(30, 255), GameTable.Unknown(""), settings);
        Assert.Equal(5, other.Ram[Seen]);
    }

    private static void Play(Atari2600 machine, int frames, bool draw, bool look)
    {
        for (; frames > 0; frames--)
        {
            machine.RunFrame(ConsoleInput.Idle, draw);
            if (look)
            {
                machine.LookAtMemory();
            }
        }
    }

    /// <summary>
    /// Executes $2400 to $247F, the registers, again and again: what it finds there is BIT $24 and LDY $A4 as long as 24 is on the bus, but
    /// ORA $05 and STA $85 after a byte 05. That is the last byte of memory from one block of loops to another; 256 loops, about two
    /// thirds of a frame, are a block.
    /// </summary>
    private static byte[] Program(byte from, byte to)
    {
        var rom = TinyRom.Image(
        [
            0xA2, 0x00, 0x8A, 0x95, 0x80, 0xE8, 0x10, 0xFB, // clears memory
            0xA9, 0x4C, 0x85, 0x80, 0xA9, 0xF1, 0x85, 0x82, 0xA9, 0x24, 0x85, 0xA4, 0x85, 0xFF, // JMP $F100 at $80
            0xA2, from, 0xD0, 0x04, 0xA2, 0x05, 0x86, 0xFF, // at once for block 0
            0xA9, 0x05, 0x4C, 0x00, 0x24,
        ]);
        byte[] loop =
        [
            0xE6, 0x90, 0xD0, 0x14, 0xE6, 0x91, 0xA6, 0x91, 0xE0, from, 0xD0, 0x04, 0xA2, 0x05, 0x86, 0xFF,
            0xE0, to, 0xD0, 0x04, 0xA2, 0x24, 0x86, 0xFF, 0x4C, 0x00, 0x24,
        ];
        loop.CopyTo(rom, 0x100);
        return rom;
    }
}
