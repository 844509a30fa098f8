namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>FE: two banks of 4 KiB, told apart by address line 13. The window is where the program was last read.</summary>
internal sealed class FeCartridge(ReadOnlySpan<byte> rom) : Cartridge(rom, 0x1000, 0x1000)
{
    /// <inheritdoc/>
    public override int AddressMask => 0x3FFF;

    /// <inheritdoc/>
    public override void Reset(MersenneTwister random) => Show(0xFFFC);

    /// <inheritdoc/>
    public override byte Read(int address)
    {
        Show(address);
        return Peek(address);
    }

    /// <inheritdoc/>
    public override byte Peek(int address) => Image[BankOf(address) + (address & 0xFFF)];

    /// <inheritdoc/>
    public override void Write(int address, byte value)
    {
    }

    /// <inheritdoc/>
    public override void Restore(ReadOnlySpan<int> state) => Show(state[0] == 0 ? 0x3000 : 0x1000);

    private static int BankOf(int address) => (address & 0x2000) == 0 ? 4096 : 0;

    private void Show(int address)
    {
        Bank = BankOf(address);
        WindowStart = (address & 0x2000) | 0x1000;
    }
}
