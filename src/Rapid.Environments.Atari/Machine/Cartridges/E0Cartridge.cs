namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>E0: four slices of 1 KiB; accesses to $FE0..$FF7 choose one of eight for the first three, the last is fixed.</summary>
internal sealed class E0Cartridge : Cartridge
{
    private const int Slice = 1024, FirstSpot = 0xFE0, Spots = 24;
    private readonly int[] _slices = new int[4];

    /// <summary>A cartridge of this kind.</summary>
    public E0Cartridge(ReadOnlySpan<byte> rom)
        : base([.. rom, .. new byte[4 * Slice]], 0x1000, FirstSpot) => Bank = rom.Length;

    /// <inheritdoc/>
    public override int StateSize => 4;

    /// <inheritdoc/>
    public override void Reset(MersenneTwister random) => Restore([4, 5, 6, 7]);

    /// <inheritdoc/>
    public override byte Read(int address)
    {
        Touch(address & 0xFFF);
        return Peek(address);
    }

    /// <inheritdoc/>
    public override byte Peek(int address) => Image[Bank + (address & 0xFFF)];

    /// <inheritdoc/>
    public override void Write(int address, byte value) => Touch(address & 0xFFF);

    /// <inheritdoc/>
    public override void Save(Span<int> state) => _slices.CopyTo(state);

    /// <inheritdoc/>
    public override void Restore(ReadOnlySpan<int> state)
    {
        for (var slot = 0; slot < 4; slot++)
        {
            Select(slot, state[slot]);
        }
    }

    private void Touch(int address)
    {
        var spot = address - FirstSpot;
        if (spot is >= 0 and < Spots)
        {
            Select(spot >> 3, spot & 7);
        }
    }

    // The slices lie side by side behind the program, where the processor reads them as one bank.
    private void Select(int slot, int slice)
    {
        _slices[slot] = slice;
        Image.AsSpan(slice * Slice, Slice).CopyTo(Image.AsSpan(Bank + (slot * Slice), Slice));
    }
}
