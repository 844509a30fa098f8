using System.Runtime.InteropServices;
using Rapid.Environments.Atari.Machine.Cartridges;

namespace Rapid.Environments.Atari.Arcade;

public sealed partial class ArcadeConsole
{
    /// <summary>What <see cref="ResetGame"/> leaves as it is: memory, random generators, what the cartridge and the rules keep.</summary>
    internal byte[] SaveCarried()
    {
        var machine = _machine.NewState();
        _machine.Save(machine);
        var (rules, random) = (new int[_rules.StateSize], new uint[2 * MersenneTwister.StateSize]);
        _rules.Save(rules);
        _machine.SaveRandom(random.AsSpan(0, MersenneTwister.StateSize));
        _random.Save(random.AsSpan(MersenneTwister.StateSize));
        return
        [
            machine.Graphics.InFrame ? (byte)1 : (byte)0,
            _machine.Graphics.Drawing.Greyed ? (byte)1 : (byte)0,
            .. machine.Ram,
            .. machine.CartridgeMemory,
            .. MemoryMarshal.AsBytes<int>(machine.CartridgeState),
            .. MemoryMarshal.AsBytes<int>(rules),
            .. MemoryMarshal.AsBytes<uint>(random),
        ];
    }

    /// <summary>Takes back what <see cref="SaveCarried"/> wrote. Only a reset may follow.</summary>
    /// <exception cref="ArgumentException">It is of a console with another cartridge.</exception>
    internal void RestoreCarried(ReadOnlySpan<byte> state)
    {
        var expected = SaveCarried().Length;
        if (state.Length != expected)
        {
            throw new ArgumentException($"a console with this cartridge carries {expected} bytes over, not {state.Length}", nameof(state));
        }

        var machine = _machine.NewState();
        _machine.Save(machine);
        var (rules, random) = (new int[_rules.StateSize], new uint[2 * MersenneTwister.StateSize]);
        machine.Graphics = machine.Graphics with { InFrame = state[0] != 0 };
        _machine.Graphics.Drawing = _machine.Graphics.Drawing with { Greyed = state[1] != 0 };
        state = state[2..];
        Take(ref state, machine.Ram);
        Take(ref state, machine.CartridgeMemory);
        Take(ref state, MemoryMarshal.AsBytes(machine.CartridgeState.AsSpan()));
        Take(ref state, MemoryMarshal.AsBytes(rules.AsSpan()));
        Take(ref state, MemoryMarshal.AsBytes(random.AsSpan()));
        _machine.Restore(machine);
        _rules.Restore(rules);
        _machine.RestoreRandom(random.AsSpan(0, MersenneTwister.StateSize));
        _random.Restore(random.AsSpan(MersenneTwister.StateSize));
    }

    private static void Take(ref ReadOnlySpan<byte> from, Span<byte> values)
    {
        from[..values.Length].CopyTo(values);
        from = from[values.Length..];
    }
}
