namespace Rapid.Environments.Atari.Games;

/// <summary>The compiled rules of one game, which all its consoles share.</summary>
internal sealed class GameProgram
{
    /// <summary>For messages.</summary>
    public required string Game { get; init; }

    /// <summary>Number of variables.</summary>
    public required int Variables { get; init; }

    /// <summary>Evaluated after every frame in this order.</summary>
    public required (int Slot, Expression Value)[] Lines { get; init; }

    /// <summary>[variables], values after a reset.</summary>
    public required int[] Start { get; init; }

    /// <summary>Slots that a reset leaves as they are.</summary>
    public required int[] Kept { get; init; }

    /// <summary>Whether lives are still shown when the game is over; else they are 0 then.</summary>
    public required bool ShowsLivesWhenOver { get; init; }

    /// <summary>Modes that can be selected.</summary>
    public required IReadOnlyList<int> Modes { get; init; }

    /// <summary>Brings the console into a mode; null if nothing has to be done for it.</summary>
    public required Statement? Select { get; init; }
}
