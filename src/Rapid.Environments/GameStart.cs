using Rapid.Core;

namespace Rapid.Environments;

/// <summary>How a game of one environment began: with its actions it can be played again, bit for bit.</summary>
public sealed class GameStart
{
    /// <summary>The environment's random stream before the reset, as <see cref="RandomStream.ExportState()"/> has it.</summary>
    public ulong[] Random { get; } = new ulong[RandomStream.StateSize];

    /// <summary>What <see cref="ICarryOver.SaveCarried"/> said before the reset; empty where nothing is carried over.</summary>
    public ReadOnlyMemory<byte> Carried { get; set; }
}
