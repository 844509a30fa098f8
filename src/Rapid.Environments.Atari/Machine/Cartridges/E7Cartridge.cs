namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>
/// E7: eight slices of 2 KiB, of which the last is fixed in the upper half; in the lower half accesses to $FE0..$FE7 choose one, the eighth
/// being 1 KiB of memory. Accesses to $FE8..$FEB choose one of four pages of memory in the upper half.
/// </summary>
internal sealed class E7Cartridge : Cartridge
{
    private const int Slice = 2048, PageStart = 1024, LastSlice = 7 * Slice;
    private int _slice, _page;

    /// <summary>A cartridge of this kind.</summary>
    public E7Cartridge(ReadOnlySpan<byte> rom)
        : base(rom, 0x1A00, 0x5E0)
    {
        Memory = new byte[2048];
        Bank = LastSlice + 0x200;
    }

    /// <inheritdoc/>
    public override int StateSize => 2;

    /// <inheritdoc/>
    public override void Reset(MersenneTwister random)
    {
        base.Reset(random);
        (_slice, _page) = (0, 0);
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
        return address switch
        {
            < Slice when _slice == 7 => Memory[address & 0x3FF],
            < Slice => Image[(_slice * Slice) + address],
            >= 0x900 and < 0xA00 => Memory[PageStart + (_page * 256) + (address & 0xFF)],
            _ => Image[LastSlice + address - Slice],
        };
    }

    /// <inheritdoc/>
    public override void Write(int address, byte value)
    {
        address &= 0xFFF;
        Touch(address);
        if (address < 0x400 && _slice == 7)
        {
            Memory[address] = value;
        }
        else if (address is >= 0x800 and < 0x900)
        {
            Memory[PageStart + (_page * 256) + (address & 0xFF)] = value;
        }
    }

    /// <inheritdoc/>
    public override void Save(Span<int> state) => (state[0], state[1]) = (_slice, _page);

    /// <inheritdoc/>
    public override void Restore(ReadOnlySpan<int> state) => (_slice, _page) = (state[0], state[1]);

    private void Touch(int address)
    {
        if (address is >= 0xFE0 and <= 0xFE7)
        {
            _slice = address & 7;
        }
        else if (address is >= 0xFE8 and <= 0xFEB)
        {
            _page = address & 3;
        }
    }
}
