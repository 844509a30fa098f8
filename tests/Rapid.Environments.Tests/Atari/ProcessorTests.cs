using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;

namespace Rapid.Environments.Tests.Atari;

public sealed class ProcessorTests
{
    const int Negative = 0x80, Overflow = 0x40, Zero = 2, Carry = 1;

    [Theory]
    [InlineData(0x69, 0x50, 0x10, 0, false, 0x60, 0)]
    [InlineData(0x69, 0x50, 0x50, 0, false, 0xA0, Negative | Overflow)]
    [InlineData(0x69, 0xD0, 0x90, 0, false, 0x60, Overflow | Carry)]
    [InlineData(0x69, 0xFF, 0x00, 1, false, 0x00, Zero | Carry)]
    [InlineData(0xE9, 0x50, 0xF0, 1, false, 0x60, 0)]
    [InlineData(0xE9, 0x50, 0xB0, 1, false, 0xA0, Negative | Overflow)]
    [InlineData(0xE9, 0x50, 0x30, 1, false, 0x20, Carry)]
    [InlineData(0xE9, 0x50, 0x30, 0, false, 0x1F, Carry)]
    [InlineData(0xEB, 0x50, 0x50, 1, false, 0x00, Zero | Carry)]
    [InlineData(0x69, 0x15, 0x27, 0, true, 0x42, 0)]
    [InlineData(0x69, 0x99, 0x00, 1, true, 0x00, Zero | Carry)]
    [InlineData(0x69, 0x58, 0x46, 1, true, 0x05, Carry)]
    [InlineData(0xE9, 0x42, 0x15, 1, true, 0x27, Carry)]
    [InlineData(0xE9, 0x12, 0x21, 1, true, 0x91, Negative | Overflow)]
    [InlineData(0xC9, 0x40, 0x40, 0, false, 0x40, Zero | Carry)]
    [InlineData(0xC9, 0x40, 0x41, 0, false, 0x40, Negative)]
    [InlineData(0x0B, 0xF0, 0x8F, 0, false, 0x80, Negative | Carry)]
    [InlineData(0x4B, 0xFF, 0x03, 0, false, 0x01, Carry)]
    [InlineData(0x6B, 0xFF, 0xFF, 1, false, 0xFF, Negative | Carry)]
    [InlineData(0x6B, 0xFF, 0x80, 0, false, 0x40, Overflow | Carry)]
    public void Arithmetic_sets_its_result_and_flags(int opcode, int a, int operand, int carry, bool isDecimal, int expected, int flags)
    {
        var ram = Run(
            (byte)(carry == 0 ? 0x18 : 0x38), (byte)(isDecimal ? 0xF8 : 0xD8), 0xB8, 0xA9, (byte)a, (byte)opcode, (byte)operand,
            0x08, 0xD8, 0x85, 0x80, 0x68, 0x85, 0x81);
        Assert.Equal((expected, flags), (ram[0], ram[1] & (Negative | Overflow | Zero | Carry)));
        Assert.Equal(0x30, ram[1] & 0x30);
    }

    [Theory]
    [InlineData(2, 0xA9, 0x01)]
    [InlineData(3, 0xA5, 0x80)]
    [InlineData(4, 0xB5, 0x80)]
    [InlineData(4, 0xAD, 0x80, 0x00)]
    [InlineData(4, 0xBD, 0x80, 0xF1)]
    [InlineData(5, 0xBD, 0xFF, 0xF1)]
    [InlineData(5, 0xD1, 0x90)]
    [InlineData(6, 0xD1, 0x92)]
    [InlineData(6, 0xC1, 0x8F)]
    [InlineData(3, 0x85, 0xA0)]
    [InlineData(5, 0x9D, 0x9F, 0x00)]
    [InlineData(6, 0x91, 0x90)]
    [InlineData(5, 0xE6, 0xA0)]
    [InlineData(6, 0xF6, 0xA0)]
    [InlineData(7, 0xFE, 0xA0, 0x00)]
    [InlineData(2, 0x0A)]
    [InlineData(3, 0x48)]
    [InlineData(4, 0x68)]
    [InlineData(2, 0xD0, 0x00)]
    [InlineData(3, 0xF0, 0x00)]
    [InlineData(12, 0x20, 0x00, 0xF2)]
    [InlineData(4, 0xA7, 0xA0)]
    [InlineData(4, 0xB7, 0xA0)]
    [InlineData(5, 0xBF, 0xFF, 0xF1)]
    [InlineData(3, 0x04, 0xA0)]
    [InlineData(5, 0x1C, 0xFF, 0xF1)]
    [InlineData(8, 0x03, 0x8F)]
    [InlineData(8, 0x13, 0x90)]
    [InlineData(7, 0x1B, 0xA0, 0x00)]
    public void An_instruction_takes_its_cycles(int cycles, params int[] instruction)
    {
        // X = Y = 1, A = 0 and Z set; pointers $00A0 at $90 and $F1FF at $92; a subroutine that returns at once at $F200.
        byte[] start =
        [
            0xA9, 0xA0, 0x85, 0x90, 0xA9, 0x00, 0x85, 0x91, 0xA9, 0xFF, 0x85, 0x92, 0xA9, 0xF1, 0x85, 0x93,
            0xA2, 0x01, 0xA0, 0x01, 0xA9, 0xC8, 0x8D, 0x94, 0x02, 0xA9, 0x00,
        ];
        var rom = TinyRom.Once([.. start, .. instruction.Select(value => (byte)value), 0xAD, 0x84, 0x02, 0x85, 0xC0]);
        rom[0x200] = 0x60;

        // The timer counts cycles down from $C8, from the one after its write on; LDA #0 takes two of them and reading it four.
        Assert.Equal(cycles, 0xC8 - 2 - 4 - RunImage(rom)[0x40]);
    }

    [Fact]
    public void A_branch_to_another_page_takes_two_cycles_more()
    {
        // The branch stands at the end of page F0 and goes over to F1.
        var rom = TinyRom.Once(0x4C, 0xF0, 0xF0);
        byte[] code = [0xA9, 0xC8, 0x8D, 0x94, 0x02, 0xA2, 0x00, 0xF0, 0x10];
        code.CopyTo(rom, 0xF0);
        byte[] target = [0xAD, 0x84, 0x02, 0x85, 0xC0, 0x4C, 0x03, 0xF0];
        target.CopyTo(rom, 0x109);
        Assert.Equal(0xC8 - 2 - 4 - 4, RunImage(rom)[0x40]);
    }

    [Fact]
    public void An_indirect_jump_stays_in_its_page()
    {
        var rom = TinyRom.Once(0x6C, 0xFF, 0xF3);
        (rom[0x3FF], rom[0x300], rom[0x400]) = (0x00, 0xF5, 0xF6);
        byte[] right = [0xA9, 0x01, 0x85, 0xC0, 0x4C, 0x03, 0xF0];
        byte[] wrong = [0xA9, 0x02, 0x85, 0xC0, 0x4C, 0x03, 0xF0];
        right.CopyTo(rom, 0x500);
        wrong.CopyTo(rom, 0x600);
        Assert.Equal(1, RunImage(rom)[0x40]);
    }

    [Fact]
    public void Reads_of_missing_bits_find_the_last_byte_on_the_bus()
    {
        // INPT0 drives bit 7 only: zero page leaves the address' low byte, absolute its high byte, indirect the pointer's high byte.
        var ram = Run(
            0xA5, 0x38, 0x85, 0x80, 0xAD, 0x38, 0x21, 0x85, 0x81, 0xA9, 0x18, 0x85, 0x90, 0xA9, 0x23, 0x85, 0x91, 0xA0, 0x20, 0xB1, 0x90,
            0x85, 0x82);
        Assert.Equal([0x38, 0x21, 0x23], ram[..3]);
    }

    [Fact]
    public void A_program_that_halts_the_processor_ends_in_a_frame_without_end()
    {
        var machine = new Atari2600(TinyRom.Image([0xA9, 0x07, 0x85, 0x80, 0x02]), new ConsoleProperties());
        machine.RunFrame(ConsoleInput.Idle);
        Assert.True(machine.Graphics.InFrame);
        machine.Reset();
        machine.Ram[0] = 0;
        machine.RunFrame(ConsoleInput.Idle);
        Assert.Equal(7, machine.Ram[0]);
    }

    static byte[] Run(params byte[] code) => RunImage(TinyRom.Once(code));

    static byte[] RunImage(byte[] rom)
    {
        var machine = new Atari2600(rom, new ConsoleProperties());
        machine.RunFrame(ConsoleInput.Idle);
        return machine.Ram;
    }
}
