namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>UA: two banks of 4 KiB, selected at $220 and $240 in the other half of the bus.</summary>
internal sealed class UaCartridge(ReadOnlySpan<byte> rom) : Cartridge(rom, 0x1000, 0x1000)
{
    /// <inheritdoc/>
    public override bool Listens => true;

    /// <inheritdoc/>
    public override void Reset(MersenneTwister random) => Bank = 0;

    /// <inheritdoc/>
    public override byte Read(int address) => Peek(address);

    /// <inheritdoc/>
    public override byte Peek(int address) => Image[Bank + (address & 0xFFF)];

    /// <inheritdoc/>
    public override void Write(int address, byte value)
    {
    }

    /// <inheritdoc/>
    public override int Overhear(int address)
    {
        Bank = address switch { 0x220 => 0, 0x240 => 4096, _ => Bank };
        return NoAnswer;
    }

    /// <inheritdoc/>
    public override void Overhear(int address, byte value) => Overhear(address);
}
