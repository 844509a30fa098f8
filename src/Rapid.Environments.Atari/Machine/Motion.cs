namespace Rapid.Environments.Atari.Machine;

/// <summary>Where objects go when they are moved or reset.</summary>
internal static class Motion
{
    // Movement that a late or early HMOVE gives an object at least (cycles 4..20) or takes from it (55..74); the hardware's extra clocks.
    private static readonly sbyte[] Least = [-6, -5, -5, -4, -3, -2, -2, -1, 0, 1, 1, 2, 3, 4, 4, 5, 6];
    private static readonly sbyte[] Offset = [6, 5, 4, 4, 3, 2, 1, 1, 0, -1, -2, -2, -3, -4, -5, -5, -6, -7, -8, -8];
    private static readonly sbyte[] Moves =
        [.. from cycle in Enumerable.Range(0, 76) from value in Enumerable.Range(0, 16) select Move(cycle, value)];

    /// <summary>Offsets of the copies that the lower three bits of NUSIZ make.</summary>
    private static readonly int[][] Copies = [[0], [0, 16], [0, 32], [0, 16, 32], [0, 64], [0], [0, 32, 64], [0]];

    /// <summary>A position after an HMOVE.</summary>
    /// <param name="position">0..159.</param>
    /// <param name="cycle">Of the line, 0..75, at which HMOVE was written.</param>
    /// <param name="value">Upper half of the object's motion register.</param>
    public static byte Moved(int position, int cycle, int value)
    {
        var moved = position + Moves[(cycle * 16) + value];
        return (byte)(moved < 0 ? moved + 160 : moved >= 160 ? moved - 160 : moved);
    }

    /// <summary>Whether HMOVE at this cycle of the line blanks its first eight pixels.</summary>
    public static bool Blanks(int cycle) => cycle is <= 20 or 75;

    /// <summary>Where the copies of an object begin.</summary>
    public static ReadOnlySpan<int> CopiesOf(int nusiz) => Copies[nusiz & 7];

    /// <summary>
    /// What a new position means for a player that is just drawn at the old one: 1, the beam is in one of its copies, which is finished
    /// first; -1, the beam is just before one, which is drawn anew; 0, elsewhere.
    /// </summary>
    public static int ResetWithin(int nusiz, int oldPosition, int newPosition)
    {
        var width = (nusiz & 7) switch { 5 => 16, 7 => 32, _ => 8 };
        var result = 0;
        foreach (var copy in CopiesOf(nusiz))
        {
            var distance = (newPosition - oldPosition - copy + 320) % 160;
            if (distance < 4)
            {
                result = -1;
            }
            else if (distance < 4 + width)
            {
                result = 1;
            }
        }

        return result;
    }

    /// <summary>Where a strobe of a player's reset register puts it.</summary>
    /// <param name="lineClock">Colour clock of the line, 0..227.</param>
    public static int PlayerReset(int lineClock) => lineClock < 68 ? 3 : (lineClock - 68 + 5) % 160;

    /// <summary>Where a strobe of the reset register of a missile or the ball puts it.</summary>
    /// <param name="lineClock">Colour clock of the line, 0..227.</param>
    public static int SmallReset(int lineClock) => lineClock < 68 ? 2 : (lineClock - 68 + 4) % 160;

    private static sbyte Move(int cycle, int value)
    {
        var standard = value < 8 ? -value : 16 - value;
        return (sbyte)(cycle switch
        {
            <= 3 or 75 => standard,
            <= 20 => Math.Max(standard, Least[cycle - 4]),
            <= 54 => 0,
            _ => Math.Min(0, standard + Offset[cycle - 55]),
        });
    }
}
