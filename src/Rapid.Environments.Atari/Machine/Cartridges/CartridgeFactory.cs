using System.Security.Cryptography;

namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>Finds out how a cartridge is built from its image: by size, and by what programs for a kind of it usually contain.</summary>
internal static class CartridgeFactory
{
    private const int Kilobyte = 1024;

    private static readonly byte[][] SignaturesOf3E = [[0x85, 0x3E, 0xA9, 0x00]];
    private static readonly byte[][] SignaturesOfUa = [[0x8D, 0x40, 0x02]];
    private static readonly byte[][] SignaturesOfCv = [[0x9D, 0xFF, 0xF3], [0x99, 0x00, 0xF4]];
    private static readonly byte[][] SignaturesOfE0 =
        [[0x8D, 0xE0, 0x1F], [0x8D, 0xE0, 0x5F], [0x8D, 0xE9, 0xFF], [0xAD, 0xE9, 0xFF], [0xAD, 0xED, 0xFF], [0xAD, 0xF3, 0xBF]];

    private static readonly byte[][] SignaturesOfFe =
        [[0x20, 0x00, 0xD0, 0xC6, 0xC5], [0x20, 0xC3, 0xF8, 0xA5, 0x82], [0xD0, 0xFB, 0x20, 0x73, 0xFE], [0x20, 0x00, 0xF0, 0x84, 0xD6]];

    // Two programs that must start in the first bank.
    private static readonly string[] StartsInBank0 = ["bc24440b59092559a1ec26055fd1270e", "75ee371ccfc4f43e7d9b8f24e1266b55"];

    /// <summary>A cartridge for an image.</summary>
    /// <exception cref="ArgumentException">No supported cartridge has that size.</exception>
    public static Cartridge Create(ReadOnlySpan<byte> rom) => rom.Length switch
    {
        > 0 when rom.Length % 8448 == 0 => throw new ArgumentException(
            $"rom: {rom.Length} bytes is a Supercharger tape, which is not supported; give the image of a cartridge"),
        2 * Kilobyte => Contains(rom, SignaturesOfCv) ? new MemoryCartridge(rom) : new PlainCartridge(rom),
        4 * Kilobyte => Contains(rom, SignaturesOfCv) ? new MemoryCartridge(rom) : new PlainCartridge(rom),
        8 * Kilobyte => Create8(rom),
        (10 * Kilobyte) or 10495 or 10496 => new DpcCartridge(rom),
        12 * Kilobyte => new BankedCartridge(rom, 0xFF8, 2, memory: 256),
        16 * Kilobyte => HasSuperchip(rom) ? new BankedCartridge(rom, 0xFF6, 0, memory: 128)
            : LooksLikeE7(rom) ? new E7Cartridge(rom)
            : (Cartridge?)Create3(rom) ?? new BankedCartridge(rom, 0xFF6, 0),
        // The reference compares all the address lines of a write to F4SC with spots of twelve: none is ever met.
        32 * Kilobyte => HasSuperchip(rom) ? new BankedCartridge(rom, 0xFF4, 0, memory: 128, writesSelect: false)
            : (Cartridge?)Create3(rom) ?? new BankedCartridge(rom, 0xFF4, 0),
        64 * Kilobyte => (Cartridge?)Create3(rom) ?? new BankedCartridge(rom, 0xFF0, 1, counts: true),
        _ => Create3(rom) ?? throw new ArgumentException(
            $"rom: {rom.Length} bytes is not the size of a supported cartridge; allowed: 2, 4, 8, 10, 12, 16, 32 and 64 KiB, and other "
            + "whole numbers of 2 KiB for programs that switch banks at address 3F or 3E; give an image without a header"),
    };

    private static Cartridge Create8(ReadOnlySpan<byte> rom)
    {
        if (IsListed(rom))
        {
            return new BankedCartridge(rom, 0xFF8, 0);
        }

        return HasSuperchip(rom) ? new BankedCartridge(rom, 0xFF8, 1, memory: 128)
            : HalvesAreEqual(rom) ? new PlainCartridge(rom[..4096])
            : Contains(rom, SignaturesOfE0) ? new E0Cartridge(rom)
            : (Cartridge?)Create3(rom)
            ?? (Contains(rom, SignaturesOfUa) ? new UaCartridge(rom)
                : Contains(rom, SignaturesOfFe) ? new FeCartridge(rom)
                : new BankedCartridge(rom, 0xFF8, 1));
    }

    private static SlicedCartridge? Create3(ReadOnlySpan<byte> rom)
    {
        if (rom.Length < 4096 || rom.Length % 2048 != 0)
        {
            return null;
        }

        var hasMemory = Contains(rom, SignaturesOf3E);
        return hasMemory || Count(rom, [0x85, 0x3F]) >= 2 ? new SlicedCartridge(rom, hasMemory) : null;
    }

    private static bool IsListed(ReadOnlySpan<byte> rom)
    {
#pragma warning disable CA5351 // Programs are known by their MD5; nothing is protected by it.
        var md5 = Convert.ToHexStringLower(MD5.HashData(rom));
#pragma warning restore CA5351
        return StartsInBank0.Contains(md5);
    }

    private static bool HalvesAreEqual(ReadOnlySpan<byte> rom) => rom[..(rom.Length / 2)].SequenceEqual(rom[(rom.Length / 2)..]);

    /// <summary>The first 256 bytes of each bank, where the memory is, are all the same.</summary>
    private static bool HasSuperchip(ReadOnlySpan<byte> rom)
    {
        for (var bank = 0; bank < rom.Length; bank += 4096)
        {
            if (rom.Slice(bank, 256).ContainsAnyExcept(rom[bank]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool LooksLikeE7(ReadOnlySpan<byte> rom) =>
        !rom[0x3800..0x3A00].ContainsAnyExcept(rom[0x3800])
        && (rom[0x37E0..0x3800].ContainsAnyExcept(rom[0x3800]) || rom[0x3A00..0x3A20].ContainsAnyExcept(rom[0x3800]));

    private static bool Contains(ReadOnlySpan<byte> rom, byte[][] signatures)
    {
        foreach (var signature in signatures)
        {
            if (Count(rom, signature) > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How often a signature occurs. As the reference counts: not at the very end, and not right after the one before.</summary>
    private static int Count(ReadOnlySpan<byte> rom, ReadOnlySpan<byte> signature)
    {
        var count = 0;
        for (var i = 0; i < rom.Length - signature.Length; i++)
        {
            if (rom.Slice(i, signature.Length).SequenceEqual(signature))
            {
                count++;
                i += signature.Length;
            }
        }

        return count;
    }
}
