using System.Text;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;
using Rapid.Environments.Tests.Atari.Assembly;

namespace Rapid.Environments.Tests.Atari.Television;

/// <summary>
/// A cartridge that draws the same frame again and again: above the screen, then preparations, then the lines that a test looks at. Colours
/// are written as letters: <c>a</c> and <c>b</c> of the players, <c>f</c> of the playfield, <c>.</c> background, <c>_</c> black.
/// </summary>
internal sealed class TestProgram
{
    private const int Width = 160, MarkerColor = 0x1E;

    private const string Frame = """
        VSYNC = $00
        VBLANK = $01
        WSYNC = $02
        NUSIZ0 = $04
        NUSIZ1 = $05
        COLUP0 = $06
        COLUP1 = $07
        COLUPF = $08
        COLUBK = $09
        CTRLPF = $0A
        REFP0 = $0B
        REFP1 = $0C
        PF0 = $0D
        PF1 = $0E
        PF2 = $0F
        RESP0 = $10
        RESP1 = $11
        RESM0 = $12
        RESM1 = $13
        RESBL = $14
        GRP0 = $1B
        GRP1 = $1C
        ENAM0 = $1D
        ENAM1 = $1E
        ENABL = $1F
        HMP0 = $20
        HMP1 = $21
        HMM0 = $22
        HMM1 = $23
        HMBL = $24
        VDELP0 = $25
        VDELP1 = $26
        VDELBL = $27
        RESMP0 = $28
        RESMP1 = $29
        HMOVE = $2A
        HMCLR = $2B
        CXCLR = $2C
        INPT0 = $08
        INPT4 = $0C
        INTIM = $284
        TIMINT = $285
        TIM1T = $294
        TIM8T = $295
        TIM64T = $296
        TIM1024T = $297

            .org $F000
        start:
            cld
            ldx #$FF
            txs
        frame:
            lda #0
            ldx #$2C
        clear:
            sta VSYNC,x
            dex
            bpl clear
            sta WSYNC
            lda #2
            sta VSYNC
            sta WSYNC
            lda #0
            sta VSYNC
            ldx #30
        above:
            sta WSYNC
            dex
            bne above
            lda #$42
            sta COLUP0
            lda #$84
            sta COLUP1
            lda #$C6
            sta COLUPF
            lda #$02
            sta COLUBK
            sta WSYNC
            {above}
            ldx #10
        below:
            sta WSYNC
            dex
            bne below
            {prepare}
            sta WSYNC
            lda #$1E
            sta COLUBK
            sta WSYNC
            lda #$02
            sta COLUBK
            sta WSYNC
            {lines}
            sta WSYNC
            jmp frame
            .org $FFFC
            .word start, start
        """;

    private readonly Atari2600 _machine;

    /// <param name="lines">From the first cycle of the first line looked at; goes on over WSYNCs.</param>
    /// <param name="prepare">Ends with the line before.</param>
    /// <param name="above">Before the first line of the screen.</param>
    public TestProgram(string lines, string prepare = "", string above = "", ConsoleInput? input = null)
    {
        var source = Frame.Replace("{above}", above, StringComparison.Ordinal).Replace("{prepare}", prepare, StringComparison.Ordinal)
            .Replace("{lines}", lines, StringComparison.Ordinal).Replace(';', '\n'); // statements of a test are separated by semicolons
        _machine = new Atari2600(Assembler.Assemble(source).Image, new ConsoleProperties());
        for (var frame = 0; frame < 3; frame++)
        {
            _machine.RunFrame(input ?? ConsoleInput.Idle);
        }
    }

    public ReadOnlySpan<byte> Ram => _machine.Ram;

    /// <summary>A line by its distance from the first one looked at, as runs of colours: "27. 8a 125.".</summary>
    public string Line(int index)
    {
        var marker = Enumerable.Range(0, 100).Last(row => Row(row).Count((byte)MarkerColor) > Width / 2);
        return Runs(Row(marker + 2 + index));
    }

    /// <summary>A line by its distance from the top of the screen.</summary>
    public string ScreenLine(int index) => Runs(Row(index));

    /// <summary>Background with one run of a colour that may go around the edge, as <see cref="Line"/> writes it.</summary>
    public static string Object(int position, int width, char color)
    {
        var letters = Enumerable.Repeat('.', Width).ToArray();
        for (var i = 0; i < width; i++)
        {
            letters[(position + i) % Width] = color;
        }

        return Runs(new string(letters));
    }

    private ReadOnlySpan<byte> Row(int index) => _machine.Graphics.Screen.AsSpan(index * Width, Width);

    private static string Runs(ReadOnlySpan<byte> row)
    {
        var letters = new StringBuilder();
        foreach (var color in row)
        {
            letters.Append(color switch { 0 => '_', 2 => '.', 0x42 => 'a', 0x84 => 'b', 0xC6 => 'f', MarkerColor => '!', _ => '?' });
        }

        return Runs(letters.ToString());
    }

    private static string Runs(string letters)
    {
        var runs = new List<string>();
        for (int start = 0, end; start < letters.Length; start = end)
        {
            for (end = start; end < letters.Length && letters[end] == letters[start]; end++)
            {
            }

            runs.Add($"{end - start}{letters[start]}");
        }

        return string.Join(' ', runs);
    }
}
