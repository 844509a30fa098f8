namespace Rapid.Environments.Atari.Machine.Cartridges;

/// <summary>MT19937 of Matsumoto and Nishimura (1998) with the usual initialisation from one 32-bit seed.</summary>
internal sealed class MersenneTwister
{
    private const int Size = 624, Period = 397;
    private readonly uint[] _state = new uint[Size];
    private int _next;

    /// <summary>A generator at the start of its sequence.</summary>
    public MersenneTwister(uint seed) => Seed(seed);

    /// <summary>Integers in <see cref="Save"/>.</summary>
    public const int StateSize = Size + 1;

    /// <summary>Starts anew.</summary>
    public void Seed(uint seed)
    {
        for (uint i = 0; i < Size; i++)
        {
            _state[i] = seed;
            seed = (1812433253u * (seed ^ (seed >> 30))) + i + 1;
        }

        _next = Size;
    }

    /// <summary>The next 32 bits.</summary>
    public uint Next()
    {
        if (_next == Size)
        {
            Refill();
        }

        var y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C5680u;
        y ^= (y << 15) & 0xEFC60000u;
        return y ^ (y >> 18);
    }

    /// <summary>The next number in [0, 1), with 32 bits.</summary>
    public double NextDouble() => Next() / 4294967296.0;

    /// <summary>Writes the position in the sequence.</summary>
    /// <param name="state">[<see cref="StateSize"/>].</param>
    public void Save(Span<uint> state)
    {
        _state.CopyTo(state);
        state[Size] = (uint)_next;
    }

    /// <summary>Goes to a saved position.</summary>
    /// <param name="state">[<see cref="StateSize"/>].</param>
    public void Restore(ReadOnlySpan<uint> state)
    {
        state[..Size].CopyTo(_state);
        _next = (int)state[Size];
    }

    private void Refill()
    {
        for (var i = 0; i < Size; i++)
        {
            var y = (_state[i] & 0x80000000u) | (_state[(i + 1) % Size] & 0x7FFFFFFFu);
            _state[i] = _state[(i + Period) % Size] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DFu);
        }

        _next = 0;
    }
}
