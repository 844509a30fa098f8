namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>
/// A cartridge: its program in banks, and sometimes memory of its own. Where reading has no effect, in the window, the processor reads the
/// image itself.
/// </summary>
internal abstract class Cartridge
{
    /// <summary>The cartridge leaves a read to the chip at the address.</summary>
    public const int NoAnswer = -1;

    // The processor fetches instructions four bytes at a time.
    private const int Padding = 4;

    /// <summary>A cartridge with an image, and a window on it.</summary>
    protected Cartridge(ReadOnlySpan<byte> image, int windowStart, int windowLength)
    {
        Image = GC.AllocateArray<byte>(image.Length + Padding, pinned: true);
        image.CopyTo(Image);
        (WindowStart, WindowLength) = (windowStart, windowLength);
    }

    /// <summary>What the window shows parts of; the array does not move.</summary>
    public byte[] Image { get; }

    /// <summary>First address of the window, $1000..$1FFF.</summary>
    public int WindowStart { get; protected set; }

    /// <summary>Bytes in the window; 0 when every access is to be told.</summary>
    public int WindowLength { get; }

    /// <summary>Index in the image of the window's first byte.</summary>
    public int Bank { get; protected set; }

    /// <summary>The address lines that tell whether an address is in the window.</summary>
    public virtual int AddressMask => 0x1FFF;

    /// <summary>The processor's cycle counter at the access.</summary>
    public int Cycles { get; set; }

    /// <summary>Memory of its own, random at a reset.</summary>
    public byte[] Memory { get; protected init; } = [];

    /// <summary>Accesses outside the cartridge's half of the bus matter.</summary>
    public virtual bool Listens => false;

    /// <summary>As after switching on.</summary>
    public virtual void Reset(MersenneTwister random)
    {
        for (var i = 0; i < Memory.Length; i++)
        {
            Memory[i] = (byte)random.Next();
        }
    }

    /// <summary>The cycle counter goes back by this many.</summary>
    public virtual void Rebase(int cycles)
    {
    }

    /// <summary>Reads outside the window.</summary>
    /// <param name="address">16 bits, A12 set.</param>
    public abstract byte Read(int address);

    /// <summary>What <see cref="Read"/> would return, without its effects; also for addresses in the window.</summary>
    public abstract byte Peek(int address);

    /// <summary>Writes anywhere in the cartridge's half.</summary>
    public abstract void Write(int address, byte value);

    /// <summary>Whether a write in the cartridge's half also reaches the graphics chip.</summary>
    /// <param name="address">16 bits, A12 set.</param>
    public virtual bool PassesOn(int address) => false;

    /// <summary>A read in the other half.</summary>
    /// <returns>What the processor reads in place of the chip's byte, or <see cref="NoAnswer"/>.</returns>
    public virtual int Overhear(int address) => NoAnswer;

    /// <summary>A write in the other half.</summary>
    public virtual void Overhear(int address, byte value)
    {
    }

    /// <summary>Integers that <see cref="Save"/> writes.</summary>
    public virtual int StateSize => 1;

    /// <summary>Writes everything that changes but the memory.</summary>
    /// <param name="state">[<see cref="StateSize"/>].</param>
    public virtual void Save(Span<int> state) => state[0] = Bank;

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <param name="state">[<see cref="StateSize"/>].</param>
    public virtual void Restore(ReadOnlySpan<int> state) => Bank = state[0];
}
