using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;
using Rapid.Environments.Atari.Machine.Cartridges;

namespace Rapid.Environments.Tests.Atari;

public sealed class MachineTests
{
    [Fact]
    public void The_generator_is_the_Mersenne_twister()
    {
        // The first outputs for the reference's own default seed, and the ten thousandth (the C++ standard, rand.predef).
        var random = new MersenneTwister(5489);
        Assert.Equal(3499211612u, random.Next());
        for (var i = 1; i < 9999; i++)
        {
            random.Next();
        }

        Assert.Equal(4123659995u, random.Next());
    }

    [Fact]
    public void Memory_starts_as_the_reference_switches_it_on()
    {
        var machine = new Atari2600(TinyRom.Image([0x4C, 0x00, 0xF0]), new ConsoleProperties());
        Assert.Equal([0xB8, 0x96, 0xC0, 0x49, 0xCB, 0x55, 0xC8, 0x7F], machine.Ram[..8]);
    }

    [Fact]
    public void Every_reset_sets_the_timer_to_the_next_of_the_machines_random_values()
    {
        // LDA INTIM; STA $80: the timer has counted once since the reset.
        var machine = new Atari2600(TinyRom.Once(0xAD, 0x84, 0x02, 0x85, 0x80), new ConsoleProperties());
        var timers = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            machine.RunFrame(ConsoleInput.Idle);
            timers.Add(machine.Ram[0] + 1);
            machine.Reset();
        }

        Assert.Equal([32, 74, 65, 64], timers);
    }

    [Theory]
    [InlineData(0x14, 5, 1, 4)]
    [InlineData(0x14, 5, 5, 0)]
    [InlineData(0x16, 10, 1, 9)]
    [InlineData(0x16, 10, 64, 9)]
    [InlineData(0x16, 10, 65, 8)]
    [InlineData(0x17, 2, 1025, 0)]
    [InlineData(0x15, 3, 17, 0)]
    [InlineData(0x15, 3, 25, 255)]
    public void The_timer_counts_down_at_its_pace(int register, int value, int cycles, int expected)
    {
        var riot = new Riot(new MersenneTwister(1));
        riot.Write(0x280 | register, (byte)value, 0);
        Assert.Equal(expected, riot.Read(0x284, cycles));
    }

    [Fact]
    public void The_timers_flag_is_set_when_it_runs_out_and_cleared_by_reading_it()
    {
        var riot = new Riot(new MersenneTwister(1));
        riot.Write(0x295, 1, 0);
        Assert.Equal(0, riot.Read(0x285, 8));
        Assert.Equal(0x80, riot.Read(0x285, 20));

        // One cycle a count after the end, until it is read: 8 - 19 - 1 = -12.
        riot.Read(0x284, 20);
        Assert.Equal(0, riot.Read(0x285, 21));
        riot.Write(0x295, 9, 30);
        Assert.Equal(8, riot.Read(0x284, 31));
    }

    [Fact]
    public void A_program_with_312_lines_a_frame_is_shown_as_PAL()
    {
        Assert.Equal((true, 250), Format(312, new ConsoleProperties()));
        Assert.Equal((false, 210), Format(262, new ConsoleProperties()));
        Assert.Equal((true, 230), Format(312, new ConsoleProperties { Height = 230 }));
    }

    [Fact]
    public void On_a_PAL_machine_an_odd_number_of_lines_costs_the_colour()
    {
        byte[] blue = [0xA9, 0xB8, 0x85, 0x09];
        Assert.Equal(0xB8, LastPixel(TinyRom.Frames(blue, [], 312)));
        Assert.Equal(0xB9, LastPixel(TinyRom.Frames(blue, [], 313)));
        Assert.Equal(0xB8, LastPixel(TinyRom.Frames(blue, [], 263)));
    }

    [Fact]
    public void What_a_frame_without_end_leaves_undrawn_turns_grey_once()
    {
        // A background of colour 0x4E in 100 frames, then the processor halts near the top of a frame.
        var rom = TinyRom.Frames([0xA9, 0x4E, 0x85, 0x09, 0xA0, 0x64], [0x88, 0xD0, 0x01, 0x02]);
        var machine = new Atari2600(rom, new ConsoleProperties());
        for (var frame = 0; frame < 100; frame++)
        {
            machine.RunFrame(ConsoleInput.Idle);
        }

        Assert.All(machine.Graphics.Screen, pixel => Assert.Equal(0x4E, pixel));
        for (var frame = 0; frame < 3; frame++)
        {
            machine.RunFrame(ConsoleInput.Idle);
            Assert.True(machine.Graphics.InFrame);
            Assert.All(machine.Graphics.Screen, pixel => Assert.Equal(7, pixel));
        }
    }

    [Theory]
    [InlineData(0x96, 60, "AD 84 02 D0 FB", "BD 84 02 D0 FB")] // LDA INTIM; BNE and LDA INTIM,X; BNE
    [InlineData(0x95, 200, "AD 86 02 D0 FB", "BD 84 02 D0 FB")]
    [InlineData(0x97, 255, "AD 84 02 D0 FB", "BD 84 02 D0 FB")]
    [InlineData(0x96, 60, "AC 84 02 D0 FB", "BC 84 02 D0 FB")] // LDY
    [InlineData(0x96, 36, "AE 94 02 D0 FB", "BE 84 02 D0 FB")] // LDX
    [InlineData(0x96, 70, "AD 84 02 10 FB", "BD 84 02 10 FB")] // BPL: until it is below 0
    [InlineData(0x95, 140, "AD 84 02 10 FB", "BD 84 02 10 FB")]
    [InlineData(0x96, 60, "2C 84 02 10 FB", "BD 84 02 10 FB")] // BIT
    [InlineData(0x96, 60, "2C 85 02 10 FB", "BD 85 02 10 FB")] // BIT of the flag
    [InlineData(0x96, 60, "AE 85 02 10 FB", "BE 85 02 10 FB")]
    [InlineData(0x96, 60, "AD 85 02 D0 FB", "BD 85 02 D0 FB")] // leaves at once
    [InlineData(0x96, 200, "A9 00 10 03 AD 84 02 10 FB", "A9 00 10 03 BD 84 02 10 FB")] // enters at BPL; the first value leaves
    [InlineData(0x95, 9, "AD 84 02 D0 FB", "BD 84 02 D0 FB")]
    public void A_wait_for_the_timer_takes_the_same_time_however_it_is_written(int register, int value, string usually, string slowly)
    {
        // Behind the wait the sign and the timer are kept, and the background flashes; the longest goes over several frames.
        byte[] Rom(string wait) => TinyRom.Frames(
            [],
            [
                0xA9, (byte)value, 0x8D, (byte)register, 0x02, 0xA2, 0x00, 0xA0, 0x00, 0xA9, 0xFF,
                .. Convert.FromHexString(wait.Replace(" ", "")),
                0xB8, 0x08, 0x68, 0x85, 0x80, 0xAD, 0x84, 0x02, 0x85, 0x81, 0xA9, 0x4E, 0x85, 0x09, 0xA9, 0x00, 0x85, 0x09,
            ]);
        var usual = new Atari2600(Rom(usually), new ConsoleProperties());
        var other = new Atari2600(Rom(slowly), new ConsoleProperties());
        for (var frame = 0; frame < 10; frame++)
        {
            usual.RunFrame(ConsoleInput.Idle);
            other.RunFrame(ConsoleInput.Idle);
            Assert.Equal(other.Graphics.InFrame, usual.Graphics.InFrame);
            Assert.Equal(other.Graphics.Registers.LinesOfLastFrame, usual.Graphics.Registers.LinesOfLastFrame);
            Assert.Equal(other.Ram, usual.Ram);
            Assert.Equal(other.Graphics.Screen, usual.Graphics.Screen);
        }
    }

    [Fact]
    public void A_paddle_charges_the_longer_the_more_it_resists()
    {
        // Dumps the capacitor, then counts lines in X until INPT0 says that it is charged.
        byte[] code =
        [
            0xA9, 0x82, 0x85, 0x01, 0x85, 0x02, 0xA9, 0x02, 0x85, 0x01, 0xA0, 0x00, 0x85, 0x02, 0xA5, 0x08, 0x30, 0x05, 0xC8, 0xC0, 0xFA,
            0x90, 0xF5, 0x84, 0x80,
        ];
        var machine = new Atari2600(TinyRom.Frames([], code), new ConsoleProperties { Left = Controller.Paddles });
        int Lines(int ohms)
        {
            machine.RunFrame(ConsoleInput.Idle with { Pot0 = ohms });
            machine.RunFrame(ConsoleInput.Idle with { Pot0 = ohms });
            return machine.Ram[0];
        }

        // 1.6 R C in cycles of 1.19 MHz, with C = 10 nF and 76 cycles in a line.
        Assert.Equal(0, Lines(0));
        Assert.InRange(Lines(100000), (1.6 * 100000 * 1e-8 * 1.19e6 / 76) - 2, (1.6 * 100000 * 1e-8 * 1.19e6 / 76) + 1);
        Assert.InRange(Lines(700000), (1.6 * 700000 * 1e-8 * 1.19e6 / 76) - 2, (1.6 * 700000 * 1e-8 * 1.19e6 / 76) + 1);
        Assert.Equal(0xFA, Lines(ConsoleInput.Open));
    }

    [Fact]
    public void A_television_that_is_stated_is_not_looked_for()
    {
        byte[] blue = [0xA9, 0xB8, 0x85, 0x09];
        (TelevisionStandard Television, int Height, int Pixel) Show(int lines, TelevisionStandard television)
        {
            var machine = new Atari2600(TinyRom.Frames(blue, [], lines), new ConsoleProperties { Television = television });
            for (var frame = 0; frame < 4; frame++)
            {
                machine.RunFrame(ConsoleInput.Idle);
            }

            return (machine.Television, machine.Graphics.Screen.Length / Tia.Width, machine.Graphics.Screen[100 * Tia.Width]);
        }

        Assert.Equal((TelevisionStandard.Secam, 250, 0xB8), Show(313, TelevisionStandard.Secam));
        Assert.Equal((TelevisionStandard.Pal, 250, 0xB9), Show(313, TelevisionStandard.Pal));
        Assert.Equal((TelevisionStandard.Pal, 250, 0xB9), Show(263, TelevisionStandard.Pal));
        Assert.Equal((TelevisionStandard.Ntsc, 210, 0xB8), Show(263, TelevisionStandard.Ntsc));
    }

    static (bool Pal, int Height) Format(int lines, ConsoleProperties properties)
    {
        var machine = new Atari2600(TinyRom.Frames([], [], lines), properties);
        return (machine.Television == TelevisionStandard.Pal, machine.Graphics.Screen.Length / Tia.Width);
    }

    static int LastPixel(byte[] rom)
    {
        var machine = new Atari2600(rom, new ConsoleProperties());
        for (var frame = 0; frame < 4; frame++)
        {
            machine.RunFrame(ConsoleInput.Idle);
        }

        return machine.Graphics.Screen[^1];
    }
}
