namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>CV: 2 KiB of program behind 1 KiB of memory. An image of 4 KiB holds what the memory starts with.</summary>
internal sealed class MemoryCartridge : Cartridge
{
    private const int Size = 1024;
    private readonly byte[] _start;

    /// <summary>A cartridge of this kind.</summary>
    public MemoryCartridge(ReadOnlySpan<byte> rom)
        : base(rom[^2048..], 0x1800, 2048)
    {
        Memory = new byte[Size];
        _start = rom.Length > 2048 ? rom[..Size].ToArray() : [];
    }

    /// <inheritdoc/>
    public override void Reset(MersenneTwister random)
    {
        if (_start.Length == 0)
        {
            base.Reset(random);
        }

        _start.CopyTo(Memory, 0);
    }

    /// <inheritdoc/>
    public override byte Read(int address) => Peek(address);

    /// <inheritdoc/>
    public override byte Peek(int address) => (address & 0xFFF) < Size ? Memory[address & 0xFFF] : Image[address & 0x7FF];

    /// <inheritdoc/>
    public override void Write(int address, byte value)
    {
        if ((address & 0xC00) == 0x400)
        {
            Memory[address & 0x3FF] = value;
        }
    }
}
