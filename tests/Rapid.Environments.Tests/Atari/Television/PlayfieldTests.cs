namespace Rapid.Environments.Tests.Atari.Television;

/// <summary>Playfield, priorities, blanking and the line's clock.</summary>
public sealed class PlayfieldTests
{
    private const string Pattern = "lda #$50; sta PF0; lda #$81; sta PF1; lda #$03; sta PF2;";

    // Players at pixel 27 (a) and 30 (b), ball at 32 with 8 pixels, playfield at 28..31 and, repeated, at 108..111.
    private const string Overlap = """
        sta WSYNC; .sleep 27; sta RESP0; sta WSYNC; .sleep 28; sta RESP1; sta WSYNC; .sleep 29; sta RESBL
        lda #255; sta GRP0; sta GRP1; lda #2; sta ENABL; lda #$10; sta PF1;
        """;

    private static string Set(string register, int value) => $"lda #{value}; sta {register};";

    [Theory]
    [InlineData(0, "4f 4. 4f 4. 4f 24. 12f 24. 4f 4. 4f 4. 4f 24. 12f 24.")]
    [InlineData(1, "4f 4. 4f 4. 4f 24. 12f 48. 12f 24. 4f 4. 4f 4. 4f")]
    [InlineData(2, "4a 4. 4a 4. 4a 24. 12a 24. 4b 4. 4b 4. 4b 24. 12b 24.")]
    [InlineData(3, "4a 4. 4a 4. 4a 24. 12a 48. 12b 24. 4b 4. 4b 4. 4b")]
    [InlineData(4, "4f 4. 4f 4. 4f 24. 12f 24. 4f 4. 4f 4. 4f 24. 12f 24.")]
    [InlineData(6, "4a 4. 4a 4. 4a 24. 12a 24. 4b 4. 4b 4. 4b 24. 12b 24.")] // alone it takes score colours even with priority
    public void The_playfield_is_repeated_or_mirrored_in_one_colour_or_the_players(int control, string expected) =>
        Assert.Equal(expected, new TestProgram("", Pattern + Set("CTRLPF", control)).Line(0));

    [Theory]
    [InlineData("PF0", 0x80, 12)] // bit 4 is leftmost in PF0
    [InlineData("PF0", 0x10, 0)]
    [InlineData("PF1", 0x80, 16)] // bit 7 in PF1
    [InlineData("PF1", 0x01, 44)]
    [InlineData("PF2", 0x01, 48)] // bit 0 in PF2
    [InlineData("PF2", 0x80, 76)]
    public void Bits_of_the_playfield_have_their_order(string register, int value, int position)
    {
        var (before, after) = (position > 0 ? $"{position}. " : "", position < 76 ? $" {76 - position}." : "");
        Assert.Equal($"{before}4f 76. 4f{after}", new TestProgram("", Set(register, value)).Line(0));
    }

    // The old bits last 4, 5, 2 or 3 clocks longer, by the cycle modulo 4.
    [Theory]
    [InlineData(33, 20)]
    [InlineData(34, 20)]
    [InlineData(35, 24)]
    [InlineData(36, 28)]
    public void A_write_in_the_middle_of_a_line_shows_after_its_delay(int cycle, int width) => Assert.Equal(
        $"16. {width}f {144 - width}.", new TestProgram($"lda #255; sta PF1; ldx #0; .sleep {cycle - 10}; stx PF1").Line(0));

    [Theory]
    [InlineData(0x30, "27. 8a 3b 2f 68. 4f 48.")] // players above playfield and ball
    [InlineData(0x34, "27. 1a 4f 8f 68. 4f 48.")]
    [InlineData(0x32, "27. 8a 3b 2f 68. 4b 48.")]
    [InlineData(0x36, "27. 1a 4f 8f 68. 4f 48.")] // with the priority bit there are no score colours
    public void Objects_cover_each_other_by_priority(int control, string expected)
    {
        var line = new TestProgram("", Overlap + Set("CTRLPF", control)).Line(0);
        Assert.Equal(Merge(expected), line);
    }

    [Fact]
    public void In_score_mode_the_left_playfield_covers_the_second_player()
    {
        // As of the first player's colour it also has its priority; the ball keeps the playfield's.
        var program = new TestProgram("", Overlap + Set("GRP0", 0) + Set("CTRLPF", 0x32));
        Assert.Equal("28. 4a 6b 2f 68. 4b 48.", program.Line(0));
    }

    [Theory]
    [InlineData(40, "53. 107_")] // one clock after the store
    [InlineData(10, "160_")]
    public void Blanked_pixels_are_black(int cycle, string expected)
    {
        var program = new TestProgram($"ldx #2; .sleep {cycle - 5}; stx VBLANK; sta WSYNC; ldx #0; stx VBLANK");
        Assert.Equal((expected, "160."), (program.Line(0), program.Line(1)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    [InlineData(51)]
    [InlineData(73)] // the store ends with the line: nothing to wait for
    public void WSYNC_goes_on_with_the_next_line(int cycles)
    {
        var program = new TestProgram($".sleep {cycles}; sta WSYNC; lda #$42; .sleep 35; sta COLUBK; sta WSYNC");
        Assert.Equal(("160.", "52. 108a"), (program.Line(0), program.Line(1)));
    }

    [Fact]
    public void WSYNC_one_cycle_late_costs_a_whole_line()
    {
        var program = new TestProgram(".sleep 74; sta WSYNC; lda #$42; .sleep 35; sta COLUBK; sta WSYNC");
        Assert.Equal(("160.", "160.", "52. 108a"), (program.Line(0), program.Line(1), program.Line(2)));
    }

    // JSR pushes two bytes: with the stack at 2 the first goes to WSYNC, after a read; with the stack at 3 the second, after a write.
    [Theory]
    [InlineData(2, 35, "160.", "52. 108a")]
    [InlineData(3, 25, "52. 108a", "160a")]
    public void WSYNC_waits_only_when_a_read_came_before(int stack, int wait, string first, string second)
    {
        var program = new TestProgram($"""
            ldx #{stack}; txs; jsr pushed
            pushed: lda #$42; .sleep {wait}; sta COLUBK; ldx #$FF; txs; sta WSYNC
            """);
        Assert.Equal((first, second), (program.Line(0), program.Line(1)));
    }

    // Neighbouring runs of one colour are written apart in the tables above where they are different objects.
    private static string Merge(string runs) => runs.Replace("4f 8f", "12f", StringComparison.Ordinal);
}
