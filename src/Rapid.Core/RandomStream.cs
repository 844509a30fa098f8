using System.Numerics;

namespace Rapid.Core;

/// <summary>
/// A small fast random generator with a state that can be saved: xoshiro256** (Blackman and Vigna 2018), seeded through SplitMix64.
/// Equal seeds give equal numbers on every machine.
/// </summary>
public sealed class RandomStream
{
    /// <summary>Words of <see cref="ExportState()"/>.</summary>
    public const int StateSize = 5;

    private ulong _s0, _s1, _s2, _s3;
    private double _spareNormal = double.NaN;

    /// <summary>Starts a stream.</summary>
    public RandomStream(ulong seed) => Reseed(seed);

    /// <summary>Starts the stream anew, as a new one with this seed.</summary>
    public void Reseed(ulong seed)
    {
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
        _spareNormal = double.NaN;
    }

    /// <summary>A seed for one part of a run (role, slot, environment, ...) that is independent of all others'.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="path">Where in the run: any numbers, in order.</param>
    public static ulong Derive(ulong seed, params ReadOnlySpan<ulong> path)
    {
        var state = seed;
        var hash = SplitMix(ref state);
        foreach (var part in path)
        {
            state = hash ^ BitOperations.RotateLeft(part * 0x9E3779B97F4A7C15UL, 32);
            hash = SplitMix(ref state);
        }

        return hash;
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public double NextUniform(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>Uniform in 0..bound-1 (Lemire 2019, without its rejection step: the bias is below 2^-32 for any int).</summary>
    public int NextIndex(int bound) => (int)Math.BigMul(NextBits(), (ulong)bound, out _);

    /// <summary>Standard normal (Marsaglia's polar method; numbers come in pairs).</summary>
    public double NextNormal()
    {
        if (!double.IsNaN(_spareNormal))
        {
            var spare = _spareNormal;
            _spareNormal = double.NaN;
            return spare;
        }

        double u, v, s;
        do
        {
            u = 2 * NextDouble() - 1;
            v = 2 * NextDouble() - 1;
            s = u * u + v * v;
        }
        while (s is >= 1 or 0);

        var scale = Math.Sqrt(-2 * Math.Log(s) / s);
        _spareNormal = v * scale;
        return u * scale;
    }

    /// <summary>A uniformly random permutation, in place (Fisher-Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextIndex(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>Everything that <see cref="ImportState"/> needs to go on exactly here: <see cref="StateSize"/> words.</summary>
    public ulong[] ExportState()
    {
        var state = new ulong[StateSize];
        ExportState(state);
        return state;
    }

    /// <summary>Everything that <see cref="ImportState"/> needs to go on exactly here.</summary>
    /// <param name="state">[<see cref="StateSize"/>], overwritten.</param>
    public void ExportState(Span<ulong> state) => (state[0], state[1], state[2], state[3], state[4]) =
        (_s0, _s1, _s2, _s3, BitConverter.DoubleToUInt64Bits(_spareNormal));

    /// <summary>Goes on where <see cref="ExportState()"/> was called.</summary>
    /// <exception cref="ArgumentException">Not <see cref="StateSize"/> words.</exception>
    public void ImportState(ReadOnlySpan<ulong> state)
    {
        if (state.Length != StateSize)
        {
            throw new ArgumentException($"a random state has {StateSize} words, not {state.Length}", nameof(state));
        }

        (_s0, _s1, _s2, _s3) = (state[0], state[1], state[2], state[3]);
        _spareNormal = BitConverter.UInt64BitsToDouble(state[4]);
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15UL;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
