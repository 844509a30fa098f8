using Rapid.Environments.Atari.Machine;

namespace Rapid.Environments.Tests.Atari.Television;

/// <summary>What a program reads: collisions, timers, paddles and buttons.</summary>
public sealed class LatchTests
{
    private static readonly string[] Names = ["P0", "P1", "M0", "M1", "BL", "PF"];

    private static readonly string[] Enables = ["GRP0", "GRP1", "ENAM0", "ENAM1", "ENABL", "PF1"];

    // Everything at pixel 26 or 27, 8 pixels wide; the playfield at 16..47.
    private static readonly string Together = string.Concat(
        new[] { "RESP0", "RESP1", "RESM0", "RESM1", "RESBL" }.Select(strobe => $"sta WSYNC; .sleep 27; sta {strobe};"))
        + "lda #$30; sta NUSIZ0; sta NUSIZ1; sta CTRLPF; sta CXCLR;";

    // Eight registers into $90..$97; only the two upper bits are the chip's.
    private static readonly string Read = "sta WSYNC;" + string.Concat(
        Enumerable.Range(0, 8).Select(i => $"lda ${i:X2}; and #$C0; sta ${0x90 + i:X2};"));

    [Theory]
    [InlineData("M0 P1", 0, 0x80)]
    [InlineData("M0 P0", 0, 0x40)]
    [InlineData("M1 P0", 1, 0x80)]
    [InlineData("M1 P1", 1, 0x40)]
    [InlineData("P0 PF", 2, 0x80)]
    [InlineData("P0 BL", 2, 0x40)]
    [InlineData("P1 PF", 3, 0x80)]
    [InlineData("P1 BL", 3, 0x40)]
    [InlineData("M0 PF", 4, 0x80)]
    [InlineData("M0 BL", 4, 0x40)]
    [InlineData("M1 PF", 5, 0x80)]
    [InlineData("M1 BL", 5, 0x40)]
    [InlineData("BL PF", 6, 0x80)]
    [InlineData("P0 P1", 7, 0x80)]
    [InlineData("M0 M1", 7, 0x40)]
    public void Two_objects_at_one_pixel_set_their_latch_and_no_other(string pair, int register, byte bit)
    {
        var on = string.Concat(Names.Zip(Enables).Where(item => pair.Contains(item.First)).Select(item => $"lda #255; sta {item.Second};"));
        var expected = new byte[8];
        expected[register] = bit;
        Assert.Equal(expected, new TestProgram("sta WSYNC;" + Read, Together + on).Ram[0x10..0x18].ToArray());
        Assert.Equal(new byte[8], new TestProgram("sta WSYNC; sta CXCLR; lda #0;" + Off() + Read, Together + on).Ram[0x10..0x18].ToArray());
        Assert.Equal(new byte[8], new TestProgram(Off() + "sta WSYNC;" + Read, Together).Ram[0x10..0x18].ToArray());
    }

    [Fact]
    public void Objects_side_by_side_do_not_collide()
    {
        // The player is at 27..34; a missile at 35 is strobed 3 cycles later, the one at 26 with the player.
        var apart = "sta WSYNC; .sleep 27; sta RESP0; sta WSYNC; .sleep 30; sta RESM0; sta WSYNC; .sleep 27; sta RESM1;"
            + "lda #255; sta GRP0; sta ENAM0; sta ENAM1; sta CXCLR;";
        var program = new TestProgram("sta WSYNC;" + Read, apart);
        Assert.Equal("26. 1b 9a 124.", program.Line(0));
        Assert.Equal(new byte[8], program.Ram[0x10..0x18].ToArray());
    }

    // T - 1 - floor((cycles between the stores' ends - 1) / interval).
    [Theory]
    [InlineData("TIM1T", 3, 3)]
    [InlineData("TIM1T", 5, 1)]
    [InlineData("TIM8T", 4, 9)]
    [InlineData("TIM8T", 5, 8)]
    [InlineData("TIM8T", 40, 4)]
    [InlineData("TIM64T", 60, 9)]
    [InlineData("TIM64T", 61, 8)]
    [InlineData("TIM64T", 130, 7)]
    [InlineData("TIM1024T", 900, 9)]
    public void A_timer_counts_down_once_an_interval(string register, int wait, int expected)
    {
        var program = new TestProgram($"lda #10; sta {register}; .sleep {wait}; lda INTIM; sta $90");
        Assert.Equal(expected, program.Ram[0x10]);
    }

    [Fact]
    public void The_longest_interval_is_1024_cycles()
    {
        var program = new TestProgram("lda #10; sta TIM1024T; .sleep 999; .sleep 21; lda INTIM; sta $90");
        Assert.Equal(9, program.Ram[0x10]);
        program = new TestProgram("lda #10; sta TIM1024T; .sleep 999; .sleep 22; lda INTIM; sta $90");
        Assert.Equal(8, program.Ram[0x10]);
    }

    [Fact]
    public void A_timer_that_ran_out_says_so()
    {
        var program = new TestProgram("lda #2; sta TIM8T; lda TIMINT; sta $90; .sleep 40; lda TIMINT; sta $91");
        Assert.Equal((0, 0x80), (program.Ram[0x10], program.Ram[0x11]));
    }

    // 1.6 * 0.01 uF * ohms * 1.19 MHz cycles after the dump ends.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(100000, 26)] // 1904 cycles
    [InlineData(300000, 76)] // 5712 cycles
    [InlineData(ConsoleInput.Open, 120)]
    public void A_paddle_takes_its_time_to_charge(int ohms, int lines)
    {
        const string program = """
            lda #$80; sta VBLANK; sta WSYNC; lda #0; sta VBLANK; ldx #0
            charge: sta WSYNC; inx; lda INPT0; bmi charged; cpx #120; bne charge
            charged: stx $90
            """;
        var input = ConsoleInput.Idle;
        input.Pot0 = ohms;
        Assert.Equal(lines, new TestProgram(program, input: input).Ram[0x10]);
    }

    [Theory]
    [InlineData(0, 0x80)]
    [InlineData(1, 0x00)]
    public void A_button_pulls_its_pin_down(byte fire, int expected)
    {
        var input = ConsoleInput.Idle;
        input.Fire = fire;
        Assert.Equal(expected, new TestProgram("lda INPT4; and #$80; sta $90", input: input).Ram[0x10]);
    }

    private static string Off() => "lda #0;" + string.Concat(Enables.Select(enable => $"sta {enable};"));
}
