namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>2 or 4 KiB without banks; the smaller one appears twice.</summary>
internal sealed class PlainCartridge(ReadOnlySpan<byte> rom) : Cartridge(Whole(rom), 0x1000, 0x1000)
{
    /// <inheritdoc/>
    public override byte Read(int address) => Peek(address);

    /// <inheritdoc/>
    public override byte Peek(int address) => Image[address & 0xFFF];

    /// <inheritdoc/>
    public override void Write(int address, byte value)
    {
    }

    private static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> rom) => rom.Length == 2048 ? (byte[])[.. rom, .. rom] : rom[..4096];
}
