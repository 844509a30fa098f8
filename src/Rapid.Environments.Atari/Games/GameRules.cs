namespace Rapid.Environments.Atari.Games;

/// <summary>What a game's rules may look at: the console's memory as the processor sees it, without side effects on the machine.</summary>
public interface IGameMemory
{
    /// <summary>[128], RIOT memory $80..$FF as it was after the frame.</summary>
    ReadOnlySpan<byte> Ram { get; }

    /// <summary>The byte at an address of the processor's bus, for games that keep their score in cartridge memory.</summary>
    byte Peek(ushort address);
}

/// <summary>What selecting a game mode may do to the console, as a player with a hand on its switches.</summary>
public interface IGameControls : IGameMemory
{
    /// <summary>Holds SELECT for <paramref name="frames"/> frames in which the rules are not asked, then plays one frame with nothing
    /// pressed.</summary>
    void PressSelect(int frames);

    /// <summary>Holds RESET for four frames.</summary>
    void SoftReset();

    /// <summary>Plays an action as an agent would: with frame skip, sticky actions and counting.</summary>
    void Act(int action);

    /// <summary>The next 32 bits of the environment's random generator, the one that sticky actions draw from.</summary>
    uint NextRandom();
}

/// <summary>
/// Reward, lives and ends of one game, read from memory after every emulated frame. An instance belongs to one console; its state is part
/// of the console's saved state.
/// </summary>
public abstract class GameRules
{
    /// <summary>Reward of the last frame.</summary>
    public int Reward { get; protected set; }

    /// <summary>The game is over.</summary>
    public bool IsTerminal { get; protected set; }

    /// <summary>Lives left as the game shows them.</summary>
    public int Lives { get; protected set; }

    /// <summary>Forgets the last game: after the console's reset procedure, before its starting actions.</summary>
    public abstract void Reset(IGameMemory memory);

    /// <summary>Looks at the memory after a frame.</summary>
    public abstract void Step(IGameMemory memory);

    /// <summary>Brings the console into a mode; called at every reset, also for the default mode.</summary>
    /// <exception cref="ArgumentException">The game has no such mode.</exception>
    public abstract void SelectMode(int mode, IGameControls controls);

    /// <summary>Number of integers in <see cref="Save"/>.</summary>
    public abstract int StateSize { get; }

    /// <summary>Writes everything the rules remember.</summary>
    /// <param name="state">[<see cref="StateSize"/>].</param>
    public abstract void Save(Span<int> state);

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <param name="state">[<see cref="StateSize"/>].</param>
    public abstract void Restore(ReadOnlySpan<int> state);
}
