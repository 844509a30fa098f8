using FsCheck;
using FsCheck.Fluent;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;

namespace Rapid.Environments.Tests.Atari;

/// <summary>Frames that nobody looks at leave out work, but nothing that a program could find out.</summary>
public class UndrawnFrameTests
{
    private const int Programs = 250, Frames = 4;

    [Fact]
    public void A_program_cannot_tell_whether_its_frames_are_drawn() => Prop.ForAll<int>(seed =>
    {
        var rom = Program(new Random(seed));
        var (drawn, undrawn) = (new Atari2600(rom, new ConsoleProperties()), new Atari2600(rom, new ConsoleProperties()));
        for (var frame = 0; frame < Frames; frame++)
        {
            drawn.RunFrame(ConsoleInput.Idle);
            undrawn.RunFrame(ConsoleInput.Idle, draw: false);
            Assert.Equal(drawn.Ram, undrawn.Ram);
            Assert.Equal(drawn.Graphics.Registers, undrawn.Graphics.Registers);
        }

        undrawn.DrawAll();
        Assert.Equal(drawn.Graphics.Screen, undrawn.Graphics.Screen);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(Programs));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_player_that_shows_at_its_new_place_from_the_next_line_on_collides_there(bool draw)
    {
        // GRP0, PF1, CXCLR; in the next line RESP0 over the playfield, and RESM1, before which the player has not touched it; then five
        // lines.
        List<byte> code = [];
        Wait(code, 40);
        code.AddRange([0xA9, 0xFF, 0x85, 0x1B, 0x85, 0x0E, 0x85, 0x2C, 0x85, 0x02]);
        code.AddRange(Enumerable.Repeat((byte)0xEA, 14));
        code.AddRange([0x85, 0x10, 0x85, 0x13]);
        Wait(code, 5);
        code.AddRange([0xA5, 0x02, 0x29, 0xC0, 0x85, 0x80]);
        var machine = new Atari2600(TinyRom.Frames([0xA9, 0x00, 0x85, 0x80], [.. code], lines: 150), new ConsoleProperties());
        machine.RunFrame(ConsoleInput.Idle, draw);
        Assert.Equal(0, machine.Ram[0]);
        machine.RunFrame(ConsoleInput.Idle, draw);
        Assert.Equal(0x80, machine.Ram[0]);
    }

    /// <summary>Random writes to the graphics chip, now and then some lines without any; at last the latches go to memory.</summary>
    private static byte[] Program(Random random)
    {
        var code = new List<byte>();
        Wait(code, 40);
        code.AddRange([0x85, 0x2C]); // CXCLR

        // Few registers a program, so that what is written stays a while.
        byte[] registers = [.. Enumerable.Range(0, random.Next(2, 8)).Select(_ => (byte)random.Next(0x04, 0x2C))];
        for (var write = random.Next(10, 80); write > 0; write--)
        {
            var register = random.Next(60) == 0 ? (byte)(random.Next(2) == 0 ? 0x2C : 0x01) : registers[random.Next(registers.Length)];
            code.AddRange([0xA9, (byte)random.Next(256), 0x85, register]);
            code.AddRange(Enumerable.Repeat((byte)0xEA, random.Next(6)));
            if (random.Next(5) == 0)
            {
                Wait(code, random.Next(1, 5));
            }
        }

        for (byte latch = 0; latch < 8; latch++)
        {
            code.AddRange([0xA5, latch, 0x85, (byte)(0x80 + latch)]);
        }

        return TinyRom.Frames([0xA9, 0x00, 0x85, 0x01], [.. code], lines: 100);
    }

    private static void Wait(List<byte> code, int lines) => code.AddRange([0xA2, (byte)lines, 0x85, 0x02, 0xCA, 0xD0, 0xFB]);
}
