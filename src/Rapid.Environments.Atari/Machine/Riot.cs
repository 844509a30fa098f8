using Rapid.Environments.Atari.Machine.Cartridges;

namespace Rapid.Environments.Atari.Machine;

/// <summary>The 6532: 128 bytes of memory, a timer and the ports of joysticks and switches.</summary>
internal sealed class Riot
{
    /// <summary>Everything but the memory.</summary>
    internal struct State
    {
        public int Timer;
        public int Shift;
        public int SetAt;
        public bool ReadAfterExpiry;
        public int ExpiryReadAt;
        public byte DirectionA;
    }

    private readonly MersenneTwister _random;
    private State _state;

    /// <summary>Memory as a machine that was just switched on has it, from the machine's own generator.</summary>
    public Riot(MersenneTwister random)
    {
        _random = random;
        for (var i = 0; i < Memory.Length; i++)
        {
            Memory[i] = (byte)random.Next();
        }

        Reset();
    }

    /// <summary>[128], $80..$FF; a reset leaves it alone. The array does not move.</summary>
    public byte[] Memory { get; } = GC.AllocateArray<byte>(128, pinned: true);

    /// <summary>Pins of the two ports.</summary>
    public byte PortA { get; set; } = 0xFF;

    /// <summary>Console switches.</summary>
    public byte PortB { get; set; } = 0xFF;

    /// <summary>Registers, for saving and restoring.</summary>
    public State Registers
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>The timer starts at a random value of 25..99 in steps of 64 cycles.</summary>
    public void Reset() => _state = new State { Timer = 25 + (int)(_random.Next() % 75), Shift = 6 };

    /// <summary>The cycle counter goes back by this many.</summary>
    public void Rebase(int cycles)
    {
        _state.SetAt -= cycles;
        _state.ExpiryReadAt -= cycles;
    }

    /// <summary>Reads a register; reading the timer after it ran out stops the interrupt flag.</summary>
    public byte Read(int address, int cycles) => (address & 7) switch
    {
        0 => PortA,
        1 => _state.DirectionA,
        2 => PortB,
        3 => 0, // The switches are always inputs here.
        4 or 6 => ReadTimer(cycles),
        _ => (byte)(Timer(cycles) >= 0 || _state.ReadAfterExpiry ? 0 : 0x80),
    };

    /// <summary>For how many cycles from now the timer is still above a value, 0 or -1; negative when it is not even now.</summary>
    public int CyclesAbove(int value, int cycles) => _state.SetAt + ((_state.Timer - 1 - value) << _state.Shift) - cycles;

    /// <summary>Writes a register.</summary>
    public void Write(int address, byte value, int cycles)
    {
        if ((address & 0x14) == 0x14)
        {
            _state.Timer = value;
            _state.Shift = (address & 3) switch { 0 => 0, 1 => 3, 2 => 6, _ => 10 };
            _state.SetAt = cycles;
            _state.ReadAfterExpiry = false;
        }
        else if ((address & 7) == 1)
        {
            _state.DirectionA = value;
        }
    }

    /// <summary>The timer, below 0 when it ran out.</summary>
    public int Timer(int cycles) => _state.Timer - (int)((uint)(cycles - 1 - _state.SetAt) >> _state.Shift) - 1;

    private byte ReadTimer(int cycles)
    {
        var timer = Timer(cycles);
        if (timer >= 0)
        {
            return (byte)timer;
        }

        // Below zero the timer counts single cycles, until it is read: then it goes on at its old pace.
        var delta = cycles - 1 - _state.SetAt;
        var fine = (_state.Timer << _state.Shift) - delta - 1;
        if (fine <= -2 && !_state.ReadAfterExpiry)
        {
            _state.ReadAfterExpiry = true;
            _state.ExpiryReadAt = cycles;
        }

        if (!_state.ReadAfterExpiry)
        {
            return (byte)fine;
        }

        var offset = _state.ExpiryReadAt - (_state.SetAt + (_state.Timer << _state.Shift));
        return (byte)(_state.Timer - (int)((uint)delta >> _state.Shift) - offset);
    }
}
