using Rapid.Environments.Atari.Machine;
using Rapid.Environments.Atari.Machine.Cartridges;

namespace Rapid.Environments.Atari.Arcade;

/// <summary>
/// A saved state of an <see cref="ArcadeConsole"/>: a value, which never changes and can be restored any number of times, in any console
/// with the same cartridge. As in the Arcade Learning Environment it holds no screen.
/// </summary>
public sealed class ArcadeState
{
    internal ArcadeState(string game, byte[] cartridge, MachineState machine, int[] rules, bool withRandom)
    {
        (Game, Cartridge, Machine, Rules) = (game, cartridge, machine, rules);
        Random = withRandom ? new uint[MersenneTwister.StateSize] : null;
    }

    /// <summary>The game it is of.</summary>
    public string Game { get; }

    internal byte[] Cartridge { get; }

    internal MachineState Machine { get; }

    internal uint[] MachineRandom { get; } = new uint[MersenneTwister.StateSize];

    internal uint[]? Random { get; }

    internal int[] Rules { get; }

    internal (int First, int Second) Paddles { get; init; }

    internal int EpisodeFrames { get; init; }

    internal int Frames { get; init; }

    internal int Mode { get; init; }

    internal int Difficulty { get; init; }
}
