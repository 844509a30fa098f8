namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>
/// DPC: two banks of 4 KiB beside a chip (David Crane's, US patent 4644495) with 2 KiB of display data, eight counters that fetch from it,
/// three of which can make music, and a random generator that moves with every access that reaches the chip.
/// </summary>
internal sealed class DpcCartridge : Cartridge
{
    private const int Fetchers = 8, FirstMusic = 5, DisplayStart = 8192, DisplaySize = 2048;

    // The chip's own clock against the processor's.
    private const double MusicClock = 15750.0, ProcessorClock = 1193191.66666667;

    // The chip sees whole pages of 64 bytes: the registers, and the page with the spots that select banks.
    private const int WindowOffset = 0x80, LastPage = 0xFC0;

    private static ReadOnlySpan<byte> Amplitudes => [0x00, 0x04, 0x05, 0x09, 0x06, 0x0A, 0x0B, 0x0F];

    private readonly byte[] _tops = new byte[Fetchers];
    private readonly byte[] _bottoms = new byte[Fetchers];
    private readonly byte[] _flags = new byte[Fetchers];
    private readonly int[] _counters = new int[Fetchers];
    private readonly bool[] _music = new bool[Fetchers];
    private byte _random = 1;
    private int _musicAt;
    private double _fraction;

    /// <summary>A cartridge of this kind.</summary>
    public DpcCartridge(ReadOnlySpan<byte> rom)
        : base(rom, 0x1000 + WindowOffset, LastPage - WindowOffset) => Select(1);

    /// <inheritdoc/>
    public override int StateSize => 5 + (5 * Fetchers);

    /// <inheritdoc/>
    public override void Reset(MersenneTwister random)
    {
        (_musicAt, _fraction) = (0, 0);
        Select(1);
    }

    /// <inheritdoc/>
    public override void Rebase(int cycles) => _musicAt -= cycles;

    /// <inheritdoc/>
    public override byte Read(int address)
    {
        address &= 0xFFF;
        ClockRandom();
        if (address >= 0x40)
        {
            Touch(address);
            return Peek(address);
        }

        var index = address & 7;
        var low = _counters[index] & 0xFF;
        if (low == _tops[index])
        {
            _flags[index] = 0xFF;
        }
        else if (low == _bottoms[index])
        {
            _flags[index] = 0;
        }

        var display = Image[DisplayStart + DisplaySize - 1 - _counters[index]];
        var result = (address >> 3) switch
        {
            0 => index < 4 ? _random : Amplitude(),
            1 => display,
            2 => (byte)(display & _flags[index]),
            7 => _flags[index],
            _ => (byte)0,
        };
        if (!_music[index])
        {
            _counters[index] = (_counters[index] - 1) & 0x7FF;
        }

        return result;
    }

    /// <inheritdoc/>
    public override byte Peek(int address) => Image[Bank - WindowOffset + (address & 0xFFF)];

    /// <inheritdoc/>
    public override void Write(int address, byte value)
    {
        address &= 0xFFF;
        if (address is >= WindowOffset and < LastPage)
        {
            return;
        }

        ClockRandom();
        if (address is < 0x40 or >= 0x80)
        {
            Touch(address);
            return;
        }

        var index = address & 7;
        switch ((address >> 3) & 7)
        {
            case 0:
                _tops[index] = value;
                _flags[index] = 0;
                break;
            case 1:
                _bottoms[index] = value;
                break;
            case 2:
                _counters[index] = (_counters[index] & 0x700) | (_music[index] ? _tops[index] : value);
                break;
            case 3:
                _counters[index] = ((value & 7) << 8) | (_counters[index] & 0xFF);
                _music[index] = index >= FirstMusic && (value & 0x10) != 0;
                break;
            case 6:
                _random = 1;
                break;
        }
    }

    /// <inheritdoc/>
    public override void Save(Span<int> state)
    {
        var fraction = BitConverter.DoubleToInt64Bits(_fraction);
        (state[0], state[1], state[2], state[3], state[4]) = (Bank, _random, _musicAt, (int)fraction, (int)(fraction >> 32));
        for (var i = 0; i < Fetchers; i++)
        {
            var fetcher = state.Slice(5 + (5 * i), 5);
            (fetcher[0], fetcher[1], fetcher[2], fetcher[3]) = (_tops[i], _bottoms[i], _flags[i], _counters[i]);
            fetcher[4] = _music[i] ? 1 : 0;
        }
    }

    /// <inheritdoc/>
    public override void Restore(ReadOnlySpan<int> state)
    {
        (Bank, _random, _musicAt) = (state[0], (byte)state[1], state[2]);
        _fraction = BitConverter.Int64BitsToDouble((uint)state[3] | ((long)state[4] << 32));
        for (var i = 0; i < Fetchers; i++)
        {
            var fetcher = state.Slice(5 + (5 * i), 5);
            (_tops[i], _bottoms[i], _flags[i], _counters[i]) = ((byte)fetcher[0], (byte)fetcher[1], (byte)fetcher[2], fetcher[3]);
            _music[i] = fetcher[4] != 0;
        }
    }

    private void Touch(int address)
    {
        if (address is 0xFF8 or 0xFF9)
        {
            Select(address & 1);
        }
    }

    private void Select(int bank) => Bank = (bank * 4096) + WindowOffset;

    private void ClockRandom()
    {
        // A shift register that takes in the inverted parity of bits 3, 4, 5 and 7.
        var parity = (_random >> 3) ^ (_random >> 4) ^ (_random >> 5) ^ (_random >> 7);
        _random = (byte)((_random << 1) | (~parity & 1));
    }

    private byte Amplitude()
    {
        var clocks = (MusicClock * (Cycles - _musicAt) / ProcessorClock) + _fraction;
        var whole = (int)clocks;
        (_musicAt, _fraction) = (Cycles, clocks - whole);
        var voices = 0;
        for (var i = FirstMusic; i < Fetchers; i++)
        {
            if (!_music[i])
            {
                continue;
            }

            Play(i, whole);
            voices |= _flags[i] != 0 ? 1 << (i - FirstMusic) : 0;
        }

        return Amplitudes[voices];
    }

    private void Play(int i, int clocks)
    {
        var low = 0;
        if (_tops[i] != 0)
        {
            var period = _tops[i] + 1;
            low = (_counters[i] & 0xFF) - (clocks % period);
            low = low < 0 ? low + period : low;
        }

        if (low <= _bottoms[i])
        {
            _flags[i] = 0;
        }
        else if (low <= _tops[i])
        {
            _flags[i] = 0xFF;
        }

        _counters[i] = (_counters[i] & 0x700) | low;
    }
}
