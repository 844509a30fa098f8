namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>Finds out how a cartridge is built from its image.</summary>
internal static class CartridgeFactory
{
    /// <summary>A cartridge for an image.</summary>
    /// <exception cref="ArgumentException">No cartridge of that size is known.</exception>
    public static Cartridge Create(ReadOnlySpan<byte> rom)
    {
        var kilobytes = rom.Length / 1024;
        return rom.Length switch
        {
            2048 or 4096 => new PlainCartridge(rom),
            8192 => new BankedCartridge(rom, 0xFF8, 1),
            16384 => new BankedCartridge(rom, 0xFF6, 0),
            32768 => new BankedCartridge(rom, 0xFF4, 0),
            _ => throw new ArgumentException($"rom: {rom.Length} bytes ({kilobytes} KiB)"),
        };
    }
}
