namespace Rapid.Environments;

/// <summary>
/// What an environment brings from one game to the next, beside what <see cref="IEnvironment.Reset"/> draws. Most bring nothing; one that
/// does says so here, so that a game can be played again, bit for bit, without those before it.
/// </summary>
public interface ICarryOver
{
    /// <summary>What the next game will find. Asked between two games, before the reset.</summary>
    /// <returns>Empty before the first game, and where nothing is left of the last one.</returns>
    byte[] SaveCarried();

    /// <summary>Makes the next reset begin the game that began after <see cref="SaveCarried"/>.</summary>
    /// <param name="state">Of an environment that was made as this one; not empty.</param>
    /// <exception cref="ArgumentException">It is of another kind of environment.</exception>
    void RestoreCarried(ReadOnlySpan<byte> state);
}
