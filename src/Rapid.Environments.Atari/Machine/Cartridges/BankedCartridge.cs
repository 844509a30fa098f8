namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>
/// Banks of 4 KiB that accesses to a row of addresses select: F8, F6 and F4, those with memory (F8SC, F6SC, F4SC and FASC), and MB with one
/// address that goes to the next bank.
/// </summary>
internal sealed class BankedCartridge : Cartridge
{
    private readonly int _firstSpot, _spots, _startBank;
    private readonly bool _writesSelect;

    /// <summary>A cartridge of this kind.</summary>
    /// <param name="rom">Whole banks.</param>
    /// <param name="firstSpot">$FF0..$FF9: the address that selects bank 0; the following ones select the others.</param>
    /// <param name="startBank">Bank after a reset.</param>
    /// <param name="memory">Bytes of memory, written at $1000 and read after that; 0 for none.</param>
    /// <param name="counts">The only spot selects the next bank.</param>
    /// <param name="writesSelect">Writes to spots select banks as reads do.</param>
    public BankedCartridge(
        ReadOnlySpan<byte> rom, int firstSpot, int startBank, int memory = 0, bool counts = false, bool writesSelect = true)
        : base(rom, 0x1000 + (2 * memory), firstSpot - (2 * memory))
    {
        (_firstSpot, _startBank, _writesSelect) = (firstSpot, startBank, writesSelect);
        _spots = counts ? 0 : rom.Length / 4096;
        Memory = new byte[memory];
        Select(startBank);
    }

    /// <inheritdoc/>
    public override void Reset(MersenneTwister random)
    {
        base.Reset(random);
        Select(_startBank);
    }

    /// <inheritdoc/>
    public override byte Read(int address)
    {
        Touch(address & 0xFFF);
        return Peek(address);
    }

    /// <inheritdoc/>
    public override byte Peek(int address)
    {
        address &= 0xFFF;
        return address >= Memory.Length && address < 2 * Memory.Length
            ? Memory[address - Memory.Length]
            : Image[Bank - (2 * Memory.Length) + address];
    }

    /// <inheritdoc/>
    public override void Write(int address, byte value)
    {
        address &= 0xFFF;
        if (_writesSelect)
        {
            Touch(address);
        }

        if (address < Memory.Length)
        {
            Memory[address] = value;
        }
    }

    private void Touch(int address)
    {
        var spot = address - _firstSpot;
        if (spot >= 0 && spot < _spots)
        {
            Select(spot);
        }
        else if (spot == 0)
        {
            Select((Bank / 4096 + 1) % ((Image.Length - 1) / 4096));
        }
    }

    // The window begins behind the memory's addresses.
    private void Select(int bank) => Bank = (bank * 4096) + (2 * Memory.Length);
}
