namespace Rapid.Environments.Tests.Atari;

/// <summary>Hand-assembled programs of 4 KiB at $F000.</summary>
internal static class TinyRom
{
    /// <summary>Runs some code after the reset, and some in every frame of so many lines.</summary>
    public static byte[] Frames(byte[] start, byte[] eachFrame, int lines = 262)
    {
        var code = new List<byte>(start);
        var loop = 0xF000 + code.Count;
        code.AddRange([0xA9, 0x02, 0x85, 0x00, 0x85, 0x02, 0x85, 0x02, 0x85, 0x02, 0xA9, 0x00, 0x85, 0x00]); // three lines of VSYNC
        code.AddRange(eachFrame);
        foreach (var wait in (int[])[(lines - 3) / 2, lines - 3 - ((lines - 3) / 2)])
        {
            code.AddRange([0xA2, (byte)wait, 0x85, 0x02, 0xCA, 0xD0, 0xFB]); // LDX #wait; STA WSYNC; DEX; BNE
        }

        code.AddRange([0x4C, (byte)loop, (byte)(loop >> 8)]);
        return Image(code);
    }

    /// <summary>Runs some code, then frames without end.</summary>
    public static byte[] Once(params byte[] code) => Frames(code, []);

    /// <summary>4 KiB with code at its start and the reset vector at its end.</summary>
    public static byte[] Image(IReadOnlyList<byte> code)
    {
        var rom = new byte[4096];
        Array.Fill(rom, (byte)0xEA);
        for (var i = 0; i < code.Count; i++)
        {
            rom[i] = code[i];
        }

        (rom[0xFFC], rom[0xFFD]) = (0x00, 0xF0);
        return rom;
    }
}
