namespace Rapid.Environments.Tests.Atari.Television;

/// <summary>Players, missiles and ball: where they are, how wide, how many.</summary>
public sealed class ObjectTests
{
    /// <summary>Strobes a register so that the store ends with a cycle of a line: 30 is pixel 27 of a player, 26 of the others.</summary>
    private static string Strobe(string register, int cycle = 30) => $"sta WSYNC; .sleep {cycle - 3}; sta {register};";

    private static string Set(string register, int value) => $"lda #{value}; sta {register};";

    // Three pixels a cycle, 68 clocks before the first, and the delay of the chip: 5 for players, 4 for the others.
    [Theory]
    [InlineData("RESP0", "GRP0", 'a', 20, 3)]
    [InlineData("RESP0", "GRP0", 'a', 22, 3)]
    [InlineData("RESP0", "GRP0", 'a', 23, 6)]
    [InlineData("RESP0", "GRP0", 'a', 24, 9)]
    [InlineData("RESP0", "GRP0", 'a', 49, 84)]
    [InlineData("RESP0", "GRP0", 'a', 74, 159)]
    [InlineData("RESP0", "GRP0", 'a', 75, 2)]
    [InlineData("RESP1", "GRP1", 'b', 22, 3)]
    [InlineData("RESP1", "GRP1", 'b', 23, 6)]
    [InlineData("RESP1", "GRP1", 'b', 60, 117)]
    [InlineData("RESM0", "ENAM0", 'a', 22, 2)]
    [InlineData("RESM0", "ENAM0", 'a', 23, 5)]
    [InlineData("RESM0", "ENAM0", 'a', 75, 1)]
    [InlineData("RESM1", "ENAM1", 'b', 22, 2)]
    [InlineData("RESM1", "ENAM1", 'b', 40, 56)]
    [InlineData("RESBL", "ENABL", 'f', 22, 2)]
    [InlineData("RESBL", "ENABL", 'f', 23, 5)]
    [InlineData("RESBL", "ENABL", 'f', 74, 158)]
    public void A_strobe_puts_its_object_where_the_beam_is(string strobe, string enable, char color, int cycle, int position)
    {
        var program = new TestProgram("", Strobe(strobe, cycle) + Set(enable, 255));
        Assert.Equal(TestProgram.Object(position, color == 'f' || enable[0] == 'E' ? 1 : 8, color), program.Line(0));
    }

    // The player was at 27. Far from its copies the new place shows only from the next line on, but for the copies behind it; within the
    // first pixels of the old one the player is drawn at once; later the old one is finished.
    [Theory]
    [InlineData(1, 49, "27. 8a 8. 8a 49. 8a 52.", "84. 8a 8. 8a 52.")]
    [InlineData(0, 49, "27. 8a 125.", "84. 8a 68.")]
    [InlineData(0, 31, "30. 8a 122.", "30. 8a 122.")]
    [InlineData(0, 32, "27. 8a 125.", "33. 8a 119.")]
    public void A_strobe_in_the_picture_hides_the_first_copy_for_one_line(int nusiz, int cycle, string first, string second)
    {
        var program = new TestProgram(
            $".sleep {cycle - 3}; sta RESP0; sta WSYNC", Strobe("RESP0") + Set("NUSIZ0", nusiz) + Set("GRP0", 255));
        Assert.Equal((first, second), (program.Line(0), program.Line(1)));
    }

    [Theory]
    [InlineData(0, "27. 8a 125.", "26. 1a 133.")]
    [InlineData(1, "27. 8a 8. 8a 109.", "26. 1a 15. 1a 117.")]
    [InlineData(2, "27. 8a 24. 8a 93.", "26. 1a 31. 1a 101.")]
    [InlineData(3, "27. 8a 8. 8a 8. 8a 93.", "26. 1a 15. 1a 15. 1a 101.")]
    [InlineData(4, "27. 8a 56. 8a 61.", "26. 1a 63. 1a 69.")]
    [InlineData(5, "28. 16a 116.", "26. 1a 133.")]
    [InlineData(6, "27. 8a 24. 8a 24. 8a 61.", "26. 1a 31. 1a 31. 1a 69.")]
    [InlineData(7, "28. 32a 100.", "26. 1a 133.")]
    public void NUSIZ_copies_and_stretches_players_and_copies_missiles(int nusiz, string player, string missile)
    {
        Assert.Equal(player, new TestProgram("", Strobe("RESP0") + Set("NUSIZ0", nusiz) + Set("GRP0", 255)).Line(0));
        Assert.Equal(missile, new TestProgram("", Strobe("RESM0") + Set("NUSIZ0", nusiz) + Set("ENAM0", 2)).Line(0));
        var second = new TestProgram("", Strobe("RESP1") + Set("NUSIZ1", nusiz) + Set("GRP1", 255)).Line(0);
        Assert.Equal(player.Replace('a', 'b'), second);
    }

    [Theory]
    [InlineData(0, 0, "27. 1a 1. 2a 129.")]
    [InlineData(0, 8, "31. 2a 1. 1a 125.")]
    [InlineData(5, 0, "28. 2a 2. 4a 124.")]
    [InlineData(5, 8, "36. 4a 2. 2a 116.")]
    [InlineData(7, 0, "28. 4a 4. 8a 116.")]
    [InlineData(7, 8, "44. 8a 4. 4a 100.")]
    [InlineData(1, 8, "31. 2a 1. 1a 12. 2a 1. 1a 109.")]
    public void REFP_mirrors_a_player(int nusiz, int reflect, string expected) => Assert.Equal(
        expected, new TestProgram("", Strobe("RESP0") + Set("NUSIZ0", nusiz) + Set("REFP0", reflect) + Set("GRP0", 0b10110000)).Line(0));

    [Theory]
    [InlineData(0x00, 1)]
    [InlineData(0x10, 2)]
    [InlineData(0x20, 4)]
    [InlineData(0x30, 8)]
    public void Missiles_and_ball_are_1_2_4_or_8_pixels_wide(int size, int width)
    {
        Assert.Equal(
            TestProgram.Object(26, width, 'a'), new TestProgram("", Strobe("RESM0") + Set("NUSIZ0", size) + Set("ENAM0", 2)).Line(0));
        Assert.Equal(
            TestProgram.Object(26, width, 'b'), new TestProgram("", Strobe("RESM1") + Set("NUSIZ1", size) + Set("ENAM1", 2)).Line(0));
        Assert.Equal(
            TestProgram.Object(26, width, 'f'), new TestProgram("", Strobe("RESBL") + Set("CTRLPF", size) + Set("ENABL", 2)).Line(0));
    }

    [Theory]
    [InlineData(0, 31)]
    [InlineData(5, 35)]
    [InlineData(7, 43)]
    public void RESMP_hides_a_missile_and_leaves_it_in_the_middle_of_its_player(int nusiz, int position)
    {
        var program = new TestProgram(
            "sta WSYNC; lda #0; sta RESMP0", Strobe("RESP0") + Set("NUSIZ0", nusiz) + Set("ENAM0", 2) + Set("RESMP0", 2));
        Assert.Equal("160.", program.Line(0));
        Assert.Equal(TestProgram.Object(position, 1, 'a'), program.Line(1));
    }

    [Fact]
    public void Vertical_delay_shows_what_the_other_players_write_has_copied()
    {
        const string later = "sta WSYNC; lda #0; sta {0}";
        var first = new TestProgram(
            Set("GRP0", 255) + string.Format(null, later, "GRP1"), Strobe("RESP0") + Set("VDELP0", 1) + Set("GRP0", 0) + Set("GRP1", 0));
        Assert.Equal(("160.", "27. 8a 125."), (first.Line(0), first.Line(1)));
        var second = new TestProgram(
            Set("GRP1", 255) + string.Format(null, later, "GRP0"), Strobe("RESP1") + Set("VDELP1", 1) + Set("GRP1", 0) + Set("GRP0", 0));
        Assert.Equal(("160.", "27. 8b 125."), (second.Line(0), second.Line(1)));
        var ball = new TestProgram(
            Set("ENABL", 2) + string.Format(null, later, "GRP1"), Strobe("RESBL") + Set("VDELBL", 1) + Set("ENABL", 0) + Set("GRP1", 0));
        Assert.Equal(("160.", "26. 1f 133."), (ball.Line(0), ball.Line(1)));
    }

    // Motion is -v for v < 8 and 16 - v from there; a late HMOVE gives fewer or more pulses.
    [Theory]
    [InlineData(3, 0x00, 0)]
    [InlineData(3, 0x10, -1)]
    [InlineData(3, 0x70, -7)]
    [InlineData(3, 0x80, 8)]
    [InlineData(3, 0xF0, 1)]
    [InlineData(10, 0x70, -2)]
    [InlineData(10, 0x10, -1)]
    [InlineData(10, 0x80, 8)]
    [InlineData(15, 0x00, 2)]
    [InlineData(20, 0x00, 6)]
    [InlineData(20, 0x80, 8)]
    [InlineData(30, 0x70, 0)]
    [InlineData(30, 0x80, 0)]
    [InlineData(60, 0x80, 0)]
    [InlineData(60, 0x50, -3)]
    [InlineData(60, 0x10, 0)]
    [InlineData(74, 0x00, -8)]
    [InlineData(74, 0x80, 0)]
    [InlineData(75, 0x70, -7)]
    public void HMOVE_moves_every_object_by_its_motion_and_its_cycle(int cycle, int motion, int distance)
    {
        string[] strobes = ["RESP0", "RESP1", "RESM0", "RESM1", "RESBL"], enables = ["GRP0", "GRP1", "ENAM0", "ENAM1", "ENABL"];
        string[] motions = ["HMP0", "HMP1", "HMM0", "HMM1", "HMBL"];
        for (var i = 0; i < strobes.Length; i++)
        {
            var move = cycle == 3 ? "sta HMOVE;" : $".sleep {cycle - 3}; sta HMOVE;";
            var program = new TestProgram(
                move + "sta WSYNC; sta WSYNC", Strobe(strobes[i]) + Set(enables[i], 255) + Set(motions[i], motion));
            var expected = TestProgram.Object((i < 2 ? 27 : 26) + distance, i < 2 ? 8 : 1, i == 4 ? 'f' : i % 2 == 0 ? 'a' : 'b');
            Assert.Equal((strobes[i], expected), (strobes[i], program.Line(2)));
        }
    }

    [Theory]
    [InlineData(3, "8_ 152.", "160.")]
    [InlineData(20, "8_ 152.", "160.")]
    [InlineData(21, "160.", "160.")]
    [InlineData(74, "160.", "160.")]
    [InlineData(75, "160.", "8_ 152.")]
    public void HMOVE_at_the_start_of_a_line_blanks_eight_pixels(int cycle, string first, string second)
    {
        var program = new TestProgram(cycle == 3 ? "sta HMOVE; sta WSYNC" : $".sleep {cycle - 3}; sta HMOVE; sta WSYNC");
        Assert.Equal((first, second), (program.Line(0), program.Line(1)));
    }

    [Fact]
    public void HMOVE_above_the_screen_blanks_the_first_line_of_the_screen()
    {
        var program = new TestProgram("", above: "sta HMOVE; sta WSYNC; sta WSYNC");
        Assert.Equal(("8_ 152.", "160."), (program.ScreenLine(0), program.ScreenLine(1)));
    }

    [Fact]
    public void HMCLR_forgets_all_motions()
    {
        var program = new TestProgram("sta HMOVE; sta WSYNC", Strobe("RESP0") + Set("GRP0", 255) + Set("HMP0", 0x70) + "sta HMCLR");
        Assert.Equal("27. 8a 125.", program.Line(1));
    }
}
