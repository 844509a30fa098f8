namespace Rapid.Environments.Tests.Atari.Assembly;

public sealed class AssemblerTests
{
    [Theory]
    [InlineData("nop", "EA")]
    [InlineData("asl", "0A")]
    [InlineData("ROL A", "2A")]
    [InlineData("lda #$12", "A912")]
    [InlineData("lda #-1", "A9FF")]
    [InlineData("lda $12", "A512")]
    [InlineData("lda $12,x", "B512")]
    [InlineData("ldx $12,y", "B612")]
    [InlineData("lda $12,y", "B91200")] // there is no zero page indexed by y for lda
    [InlineData("lda $1234", "AD3412")]
    [InlineData("sta $1234 , X", "9D3412")]
    [InlineData("sta $1234,y", "993412")]
    [InlineData("lda ($12,x)", "A112")]
    [InlineData("sta ($12),y", "9112")]
    [InlineData("jmp ($1234)", "6C3412")]
    [InlineData("jmp $12", "4C1200")]
    [InlineData("jsr $F000", "2000F0")]
    [InlineData("lda ($10+2)*2", "A524")]
    [InlineData("lda #<$1234 + 1", "A935")]
    [InlineData("lda #>$12FF + 1", "A913")]
    [InlineData("lda #%1010 | 'A'", "A94B")]
    [InlineData("lda #1 << 4 - 1", "A908")]
    [InlineData("lda #100 / 7 * 2 - -1", "A91D")]
    [InlineData(".byte 1, $FF, -128", "01FF80")]
    [InlineData(".word $1234, *", "34120000")]
    [InlineData(".fill 3, 7", "070707")]
    [InlineData(".sleep 7", "2480EAEA")]
    [InlineData("brk", "00")]
    public void Every_form_of_statement_has_its_bytes(string source, string bytes) =>
        Assert.Equal(bytes, Convert.ToHexString(Assembler.Assemble(source).Image));

    [Fact]
    public void All_documented_opcodes_are_there_once()
    {
        var opcodes = Opcodes.All.Values.SelectMany(modes => modes.Values).ToList();
        Assert.Equal(56, Opcodes.All.Count);
        Assert.Equal(151, opcodes.Count);
        Assert.Equal(151, opcodes.Distinct().Count());
        Assert.DoesNotContain(opcodes, opcode => (opcode & 3) == 3); // that column is undocumented
    }

    [Fact]
    public void Labels_equates_and_local_labels_resolve_in_both_directions()
    {
        var program = Assembler.Assemble("""
            speed = $80          ; a variable
                .org $F000
            start:
                ldx #size
            @loop: dex
                bne @loop
                sta speed
                lda table,x      ; known only later, so absolute
                jmp start
            other:
            @loop: beq @loop
            table: .byte 1, 2
            size = * - table
            """);
        Assert.Equal(0xF000, program.Origin);
        Assert.Equal("A202CAD0FD8580BD0FF04C00F0F0FE0102", Hex(program));
        Assert.Equal((0x80, 0xF00F, 2), (program.Symbols["speed"], program.Symbols["table"], program.Symbols["size"]));
    }

    [Fact]
    public void Gaps_are_filled_and_blocks_aligned()
    {
        var program = Assembler.Assemble(" .org $FFFA\n .word 1,2,3\n .org $FFF1\n .byte 9\n .align 4\n .byte 8");
        Assert.Equal(0xFFF1, program.Origin);
        Assert.Equal("090000080000000000010002000300", Hex(program));
    }

    [Theory]
    [InlineData("nop\n lda", "line 2: lda cannot take the operand ''")]
    [InlineData("nop\n\n ldq #1", "line 3: there is no instruction 'ldq'")]
    [InlineData("lda #256", "line 1: 256 is outside -128..255")]
    [InlineData("lda #x", "line 1: 'x' is not defined")]
    [InlineData("x: nop\nx: nop", "line 2: 'x' is defined twice")]
    [InlineData("9x: nop", "line 1: '9x' is no name")]
    [InlineData("a1: .fill 200\n beq a1", "line 2: 'a1' is -202 bytes away; a branch reaches -128..127")]
    [InlineData("stx $1234,y", "line 1: 4660 is outside 0..255")]
    [InlineData("lda (1+2", "line 1: ')' is missing in '(1+2'")]
    [InlineData("lda #1 2", "line 1: unexpected '2' in '1 2'")]
    [InlineData("lda #$", "line 1: a number is missing in '$'")]
    [InlineData("lda #1/0", "line 1: division by zero in '1/0'")]
    [InlineData("lda #", "line 1: a value is missing in ''")]
    [InlineData(".word 1\n.bite 2", "line 2: there is no directive .bite; known are .org .byte .word .fill .align .include .sleep")]
    [InlineData(".org later\nlater: nop", "line 1: 'later' must be known here: define its names above")]
    [InlineData(".sleep 1", "line 1: .sleep takes 0 or 2..999 cycles, not 1")]
    [InlineData(".org $FFFF\n.word 1", "line 2: the program goes beyond $FFFF")]
    [InlineData(".include nowhere", "line 1: there is no file 'nowhere' to include")]
    [InlineData("; nothing", "line 1: the program is empty")]
    public void A_mistake_is_named_with_its_line(string source, string message) =>
        Assert.Equal(message, Assert.Throws<AssemblyException>(() => Assembler.Assemble(source)).Message);

    [Fact]
    public void A_file_is_included_where_it_is_named_and_named_in_its_mistakes()
    {
        var program = Assembler.Assemble("lda later\n.include part\nlater: nop", name => name == "part" ? "sta later\nlda #1\n" : "");
        Assert.Equal("AD08008D0800A901EA", Hex(program));
        var mistake = Assert.Throws<AssemblyException>(() => Assembler.Assemble("nop\n.include part\nnop", _ => "nop\nldq #1"));
        Assert.Equal("part line 2: there is no instruction 'ldq'", mistake.Message);
    }

    private static string Hex(Program program) => Convert.ToHexString(program.Image);
}
