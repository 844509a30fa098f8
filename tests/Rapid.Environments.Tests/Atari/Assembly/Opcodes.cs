using System.Globalization;

namespace Rapid.Environments.Tests.Atari.Assembly;

internal enum Mode
{
    Implied,
    Accumulator,
    Immediate,
    ZeroPage,
    ZeroPageX,
    ZeroPageY,
    Absolute,
    AbsoluteX,
    AbsoluteY,
    Indirect,
    IndirectX,
    IndirectY,
    Relative,
}

/// <summary>The documented instructions of the 6502.</summary>
internal static class Opcodes
{
    // A row: mnemonic, then mode and opcode. i implied, c accumulator, # immediate, z zero page, a absolute, x and y indexed by, (a) (x)
    // (y) indirect.
    private const string Table = """
        adc #69 z65 zx75 a6D ax7D ay79 (x)61 (y)71
        and #29 z25 zx35 a2D ax3D ay39 (x)21 (y)31
        asl c0A z06 zx16 a0E ax1E
        bcc r90
        bcs rB0
        beq rF0
        bit z24 a2C
        bmi r30
        bne rD0
        bpl r10
        brk i00
        bvc r50
        bvs r70
        clc i18
        cld iD8
        cli i58
        clv iB8
        cmp #C9 zC5 zxD5 aCD axDD ayD9 (x)C1 (y)D1
        cpx #E0 zE4 aEC
        cpy #C0 zC4 aCC
        dec zC6 zxD6 aCE axDE
        dex iCA
        dey i88
        eor #49 z45 zx55 a4D ax5D ay59 (x)41 (y)51
        inc zE6 zxF6 aEE axFE
        inx iE8
        iny iC8
        jmp a4C (a)6C
        jsr a20
        lda #A9 zA5 zxB5 aAD axBD ayB9 (x)A1 (y)B1
        ldx #A2 zA6 zyB6 aAE ayBE
        ldy #A0 zA4 zxB4 aAC axBC
        lsr c4A z46 zx56 a4E ax5E
        nop iEA
        ora #09 z05 zx15 a0D ax1D ay19 (x)01 (y)11
        pha i48
        php i08
        pla i68
        plp i28
        rol c2A z26 zx36 a2E ax3E
        ror c6A z66 zx76 a6E ax7E
        rti i40
        rts i60
        sbc #E9 zE5 zxF5 aED axFD ayF9 (x)E1 (y)F1
        sec i38
        sed iF8
        sei i78
        sta z85 zx95 a8D ax9D ay99 (x)81 (y)91
        stx z86 zy96 a8E
        sty z84 zx94 a8C
        tax iAA
        tay iA8
        tsx iBA
        txa i8A
        txs i9A
        tya i98
        """;

    private static readonly Dictionary<string, Mode> Modes = new()
    {
        ["i"] = Mode.Implied,
        ["c"] = Mode.Accumulator,
        ["#"] = Mode.Immediate,
        ["z"] = Mode.ZeroPage,
        ["zx"] = Mode.ZeroPageX,
        ["zy"] = Mode.ZeroPageY,
        ["a"] = Mode.Absolute,
        ["ax"] = Mode.AbsoluteX,
        ["ay"] = Mode.AbsoluteY,
        ["(a)"] = Mode.Indirect,
        ["(x)"] = Mode.IndirectX,
        ["(y)"] = Mode.IndirectY,
        ["r"] = Mode.Relative,
    };

    /// <summary>Mnemonic to the opcode of each of its modes.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<Mode, byte>> All { get; } = Table.Split('\n')
        .Select(row => row.Trim().Split(' '))
        .ToDictionary(
            cells => cells[0],
            IReadOnlyDictionary<Mode, byte> (cells) => cells.Skip(1).ToDictionary(
                cell => Modes[cell[..^2]], cell => byte.Parse(cell[^2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
}
