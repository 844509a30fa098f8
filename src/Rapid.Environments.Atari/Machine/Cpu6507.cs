using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rapid.Environments.Atari.Machine.Cartridges;

namespace Rapid.Environments.Atari.Machine;

/// <summary>
/// The 6507 with all its instructions, also the undocumented ones but those that halt it, and the bus it drives: 13 address lines, on which
/// the cartridge has the upper half and TIA and RIOT share the lower one. There are no interrupts.
/// </summary>
internal sealed unsafe partial class Cpu6507
{
    private const int Decimal = 8, Interrupt = 4;

    /// <summary>Registers between two instructions, and what is on the bus.</summary>
    internal struct State
    {
        public int ProgramCounter, A, X, Y, StackPointer, NegativeZero, Carry, Overflow, Modes, Cycles, Bus;
        public uint Instruction;
        public bool Halted;
    }


    // Arrays of RIOT and cartridge that do not move: the first as if it began at address 0, the second so that an address in the window is
    // an index once the address lines that do not count are masked. What is read or written through them lies within.
    private readonly byte* _page0;
    private byte* _program;
    private readonly Riot _riot;
    private readonly Cartridge _cartridge;
    private readonly int _addressMask;
    private readonly uint _windowLength, _fetchLength;
    private readonly bool _cartridgeListens;
    private Tia _tia;
    private int _pc, _a, _x, _y, _sp, _nz, _c, _v, _modes, _windowStart;
    private uint _instruction;
    private bool _halted, _stopped;

    // The last byte on the bus. Bytes of instructions are left out in the fast path and found again when they matter.
    private int _bus;

    /// <summary>A processor on its bus.</summary>
    public Cpu6507(Riot riot, Tia tia, Cartridge cartridge)
    {
        (_riot, _tia, _cartridge) = (riot, tia, cartridge);
        _page0 = AddressOf(riot.Memory) - 0x80;
        tia.Processor = this;
        (_addressMask, _cartridgeListens) = (cartridge.AddressMask, cartridge.Listens);
        _windowLength = (uint)cartridge.WindowLength;
        _fetchLength = (uint)Math.Max(0, cartridge.WindowLength - 2);
    }

    /// <summary>Ends <see cref="Run"/> after the present instruction.</summary>
    public void Stop() => _stopped = true;

    /// <summary>Cycles since the start of the frame.</summary>
    public int Cycles { get; set; }

    /// <summary>The graphics chip on the bus.</summary>
    public Tia Graphics
    {
        set => (_tia, value.Processor) = (value, this);
    }

    /// <summary>Registers, for saving and restoring.</summary>
    public State Registers
    {
        get => new()
        {
            ProgramCounter = _pc,
            A = _a,
            X = _x,
            Y = _y,
            StackPointer = _sp,
            NegativeZero = _nz,
            Carry = _c,
            Overflow = _v,
            Modes = _modes,
            Cycles = Cycles,
            Bus = _bus,
            Instruction = _instruction,
            Halted = _halted,
        };
        set
        {
            (_pc, _a, _x, _y, _sp, Cycles) = (value.ProgramCounter, value.A, value.X, value.Y, value.StackPointer, value.Cycles);
            (_nz, _c, _v, _modes) = (value.NegativeZero, value.Carry, value.Overflow, value.Modes);
            (_instruction, _bus, _halted) = (value.Instruction, value.Bus, value.Halted);
            FollowCartridge();
        }
    }

    /// <summary>The last byte on the bus, as another access than the processor's leaves it.</summary>
    public byte Bus
    {
        set
        {
            _bus = value;

            // A read instruction: its last byte on the bus is the data.
            _instruction = 0xA5;
        }
    }

    /// <summary>Starts at the reset vector with flags cleared and the stack at its top.</summary>
    public void Reset()
    {
        (_a, _x, _y, _sp, _nz, _c, _v, _modes, _halted) = (0, 0, 0, 0xFF, 1, 0, 0, 0, false);
        FollowCartridge();
        _pc = Vector(0xFFFC, Cycles);
        Bus = (byte)(_pc >> 8);
    }

    private static readonly byte[] Lengths = MakeLengths();

    /// <summary>The length of instructions that access nothing but their own bytes; 0 for the others.</summary>
    private static readonly byte[] BytesOnly = MakeBytesOnly();

    private static byte[] MakeLengths()
    {
        var lengths = new byte[256];
        for (var op = 0; op < 256; op++)
        {
            lengths[op] = (op & 0x1F) switch
            {
                0x0C or 0x0D or 0x0E or 0x0F or 0x19 or 0x1B or 0x1C or 0x1D or 0x1E or 0x1F => 3,
                0x08 or 0x0A or 0x18 or 0x1A or 0x12 => 1,
                0x02 => (byte)(op >= 0x80 ? 2 : 1),
                0x00 => (byte)(op is 0x40 or 0x60 ? 1 : 2), // The upper half of a subroutine's address is fetched later.
                _ => 2,
            };
        }

        return lengths;
    }

    private static byte[] MakeBytesOnly()
    {
        var table = new byte[256];
        for (var op = 0; op < 256; op++)
        {
            var only = (op & 0x1F) switch
            {
                0x0A or 0x1A or 0x12 or 0x18 or 0x10 or 0x09 or 0x0B => true,
                0x02 => true,
                0x08 => op is not (0x08 or 0x28 or 0x48 or 0x68),
                0x00 => op >= 0x80,
                0x0C => op == 0x4C,
                _ => false,
            };
            table[op] = only ? Lengths[op] : (byte)0;
        }

        return table;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Fetch(int pc, uint previous, int cycles)
    {
        var address = pc & _addressMask;
        return (uint)(address - _windowStart) < _fetchLength ? *(uint*)(_program + address) : FetchSlowly(pc, previous, cycles);
    }

    /// <summary>Fetches byte by byte, with everything that the accesses do.</summary>
    private uint FetchSlowly(int pc, uint previous, int cycles)
    {
        var length = BytesOnly[previous & 0xFF];
        if (length != 0)
        {
            _bus = (int)(previous >> (8 * (length - 1))) & 0xFF;
        }

        var inst = (uint)Read(pc, _bus << 8, cycles);
        cycles += BaseCycles[(int)inst];
        for (var i = 1; i < Lengths[inst & 0xFF]; i++)
        {
            inst |= (uint)Read(pc + i, _bus << 8, cycles) << (8 * i);
        }

        return inst;
    }

    private static int High(int address) => ((address >> 8) + 1) & 0xFF;

    /// <summary>Reads a byte; <paramref name="word"/> has the last byte on the bus in its upper half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Read(int address, int word, int cycles)
    {
        var place = address & _addressMask;
        return (uint)(place - _windowStart) < _windowLength ? _bus = _program[place] : ReadSlowly(address, word >> 8, cycles);
    }

    /// <summary>
    /// <see cref="Read"/> as a call, for instructions that programs rarely use: the compiler inlines only so much into one method.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Load(int address, int word, int cycles) => Read(address, word, cycles);

    /// <summary><see cref="ReadPage0"/> as a call.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int LoadPage0(int address, int noise, int cycles) => ReadPage0(address, noise, cycles);

    /// <summary>Reads a byte of page 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ReadPage0(int address, int noise, int cycles) =>
        _bus = address >= 0x80 ? _page0[address] : ReadSlowly(address, noise, cycles);

    private int ReadSlowly(int address, int noise, int cycles)
    {
        if ((address & 0x1000) != 0)
        {
            _cartridge.Cycles = cycles;
            _bus = _cartridge.Read(address & 0xFFFF);
            FollowCartridge();
        }
        else if ((address & 0x280) == 0x80)
        {
            _bus = _page0[address & 0xFF];
        }
        else if ((address & 0x80) != 0)
        {
            _bus = _riot.Read(address, cycles);
        }
        else
        {
            var answer = _cartridgeListens ? LetCartridgeHear(address) : Cartridge.NoAnswer;
            _bus = answer != Cartridge.NoAnswer ? answer : _tia.Read(address, noise, cycles);
        }

        return _bus;
    }

    private void FollowCartridge()
    {
        _windowStart = _cartridge.WindowStart;
        _program = AddressOf(_cartridge.Image) + _cartridge.Bank - _windowStart;
    }

    private static byte* AddressOf(byte[] pinned) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));

    /// <summary>A pointer in page 0; its second byte may lie behind the page's end.</summary>
    private int Pointer(int address, int noise, int cycles)
    {
        if (address is >= 0x80 and < 0xFF)
        {
            return *(ushort*)(_page0 + address);
        }

        var low = ReadPage0(address, noise, cycles);
        return low | (ReadSlowly(address + 1, low, cycles) << 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int WritePage0(int address, int value, int cycles)
    {
        if (address >= 0x80)
        {
            _page0[address] = (byte)value;
            _bus = value;
            return cycles;
        }

        return WriteTia(address, value, cycles, afterRead: true);
    }

    private int Write(int address, int value, int cycles)
    {
        if ((address & 0x1080) == 0)
        {
            return WriteTia(address, value, cycles, afterRead: true);
        }

        _bus = value;
        if ((address & 0x1000) != 0)
        {
            _cartridge.Cycles = cycles;
            _cartridge.Write(address & 0xFFFF, (byte)value);
            FollowCartridge();
            return _cartridge.PassesOn(address & 0xFFFF) ? _tia.Write(address, (byte)value, cycles, afterRead: true) : cycles;
        }

        if ((address & 0x200) == 0)
        {
            _page0[address & 0xFF] = (byte)value;
        }
        else
        {
            _riot.Write(address, (byte)value, cycles);
        }

        return cycles;
    }

    private int WriteTia(int address, int value, int cycles, bool afterRead)
    {
        if (_cartridgeListens)
        {
            LetCartridgeHear(address, (byte)value);
        }

        _bus = value & 0xFF;
        return _tia.Write(address, (byte)value, cycles, afterRead);
    }

    private int LetCartridgeHear(int address)
    {
        var answer = _cartridge.Overhear(address & 0x1FFF);
        FollowCartridge();
        return answer;
    }

    private void LetCartridgeHear(int address, byte value)
    {
        _cartridge.Overhear(address & 0x1FFF, value);
        FollowCartridge();
    }

    /// <summary>Writes to the stack, whose lower half is the TIA.</summary>
    private int Push(int sp, int value, int cycles, bool afterRead)
    {
        if (sp < 0x80)
        {
            return WriteTia(0x100 | sp, value, cycles, afterRead);
        }

        _page0[sp] = (byte)value;
        _bus = value & 0xFF;
        return cycles;
    }

    private int Pull(int sp, int noise, int cycles) => ReadSlowly(0x100 | sp, noise & 0xFF, cycles);

    private int Vector(int address, int cycles)
    {
        var low = Read(address, _bus << 8, cycles);
        return low | (Read(address + 1, low << 8, cycles) << 8);
    }

    /// <summary>The target of an indirect jump; the pointer's second byte is in the same page as its first.</summary>
    private int ReadIndirect(int pointer, int cycles)
    {
        var low = Read(pointer, pointer, cycles);
        return low | (Read((pointer & 0xFF00) | ((pointer + 1) & 0xFF), low << 8, cycles) << 8);
    }

    /// <summary>Flags as a byte: NV1BDIZC, with B always set.</summary>
    private static int Status(int nz, int v, int modes, int c) =>
        ((nz & 0x180) != 0 ? 0x80 : 0) | (v != 0 ? 0x40 : 0) | 0x30 | modes | ((nz & 0xFF) == 0 ? 2 : 0) | c;

    private static int NegativeZero(int status) => (status & 2) != 0 ? (status & 0x80) << 1 : (status & 0x80) | 1;

    private static int FromDecimal(int value) => ((value >> 4) * 10) + (value & 0xF);

    private static int ToDecimal(int value) => (value % 100 / 10 << 4) | (value % 10);

    private static int AddDecimal(int a, int m, int c)
    {
        var sum = FromDecimal(a) + FromDecimal(m) + c;
        return ToDecimal(sum & 0xFF) | (sum > 99 ? 0x100 : 0);
    }

    private static int SubtractDecimal(int a, int m, int c)
    {
        var difference = FromDecimal(a) - FromDecimal(m) - (1 - c);
        if (difference < 0)
        {
            difference += 100;
        }

        // Digits above 9 can leave less than nothing; the reference then looks before its table and finds the one before.
        var result = difference >= 0 ? ToDecimal(difference) : FromDecimal(256 + difference);
        return result | (a >= m + 1 - c ? 0x100 : 0);
    }

    /// <summary>Cycles without those for crossed pages and taken branches.</summary>
    private static ReadOnlySpan<byte> BaseCycles =>
    [
        7, 6, 2, 8, 3, 3, 5, 5, 3, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
        6, 6, 2, 8, 3, 3, 5, 5, 4, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
        6, 6, 2, 8, 3, 3, 5, 5, 3, 2, 2, 2, 3, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
        6, 6, 2, 8, 3, 3, 5, 5, 4, 2, 2, 2, 5, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
        2, 6, 2, 6, 3, 3, 3, 3, 2, 2, 2, 2, 4, 4, 4, 4, 2, 6, 2, 6, 4, 4, 4, 4, 2, 5, 2, 5, 5, 5, 5, 5,
        2, 6, 2, 6, 3, 3, 3, 4, 2, 2, 2, 2, 4, 4, 4, 4, 2, 5, 2, 5, 4, 4, 4, 4, 2, 4, 2, 4, 4, 4, 4, 4,
        2, 6, 2, 8, 3, 3, 5, 5, 2, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
        2, 6, 2, 8, 3, 3, 5, 5, 2, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    ];
}
