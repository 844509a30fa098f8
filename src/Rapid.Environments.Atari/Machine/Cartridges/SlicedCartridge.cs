namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>
/// 3F: slices of 2 KiB; a byte written to $00..$3F chooses the lower one, the upper one is the last. 3E: the same at $3F, and a byte
/// written to $3E puts one of 32 KiB of memory in the lower half's place, read at its start and written 1 KiB behind. As in the reference,
/// the cartridge owns $00..$3F: reads there find the lower slice, and writes anywhere but to memory are taken for writes to the graphics
/// chip, which gets them too.
/// </summary>
internal sealed class SlicedCartridge : Cartridge
{
    private const int Slice = 2048, Page = 1024, Pages = 32, FirstPage = 256;
    private readonly bool _hasMemory;
    private readonly int _slices;
    private int _selected;

    /// <summary>A cartridge of this kind.</summary>
    public SlicedCartridge(ReadOnlySpan<byte> rom, bool hasMemory)
        : base([.. rom, .. new byte[2 * Slice]], 0x1000, 2 * Slice)
    {
        (_hasMemory, _slices, Bank) = (hasMemory, rom.Length / Slice, rom.Length);
        Memory = new byte[hasMemory ? Pages * Page : 0];
        rom[^Slice..].CopyTo(Image.AsSpan(Bank + Slice));
    }

    /// <inheritdoc/>
    public override bool Listens => true;

    /// <inheritdoc/>
    public override void Reset(MersenneTwister random)
    {
        base.Reset(random);
        Select(0);
    }

    /// <inheritdoc/>
    public override byte Read(int address) => Peek(address);

    /// <inheritdoc/>
    public override byte Peek(int address) => Image[Bank + (address & 0xFFF)];

    /// <inheritdoc/>
    public override void Write(int address, byte value)
    {
        if (PassesOn(address))
        {
            Overhear(address & 0xFFF, value);
        }
        else
        {
            var offset = address & (Page - 1);
            Memory[((_selected - FirstPage) * Page) + offset] = value;
            Image[Bank + offset] = Image[Bank + Page + offset] = value;
        }
    }

    /// <inheritdoc/>
    public override bool PassesOn(int address) => _selected < FirstPage || (address & 0xC00) != 0x400;

    /// <inheritdoc/>
    public override int Overhear(int address) => address < 0x40 ? Peek(address) : NoAnswer;

    /// <inheritdoc/>
    public override void Overhear(int address, byte value)
    {
        if (_hasMemory && address == 0x3E)
        {
            Select(FirstPage + (value % Pages));
        }
        else if (address == 0x3F || (address < 0x3F && !_hasMemory))
        {
            Select(value % _slices);
        }
    }

    /// <inheritdoc/>
    public override void Save(Span<int> state) => state[0] = _selected;

    /// <inheritdoc/>
    public override void Restore(ReadOnlySpan<int> state) => Select(state[0]);

    private void Select(int slice)
    {
        _selected = slice;
        var view = Image.AsSpan(Bank, Slice);
        if (slice < FirstPage)
        {
            Image.AsSpan(slice * Slice, Slice).CopyTo(view);
        }
        else
        {
            var page = Memory.AsSpan((slice - FirstPage) * Page, Page);
            page.CopyTo(view);
            page.CopyTo(view[Page..]);
        }
    }
}
