namespace Rapid.Environments.Atari.Machine;

internal sealed unsafe partial class Cpu6507
{
    /// <summary>
    /// How many whole rounds of a loop at <paramref name="pc"/> that waits for the timer will find it as it is. The loop is an absolute
    /// LDA, LDX or LDY of the timer and BNE, or one of them or BIT of the timer or its flag and BPL.
    /// </summary>
    /// <param name="pc">Where the loop begins.</param>
    /// <param name="cycles">The cycle counter at its beginning.</param>
    /// <param name="round">Cycles of a round; the timer is read at the fourth.</param>
    /// <param name="untilZero">The branch is BNE.</param>
    private int WaitRounds(int pc, int cycles, int round, bool untilZero)
    {
        var address = pc & _addressMask;
        if (address < _windowStart || (uint)(address + 3 - _windowStart) >= _fetchLength)
        {
            return 0;
        }

        var load = *(uint*)(_program + address);
        var readsFlag = (load & 0x100) != 0;
        var waits = (load & 0xFF) switch
        {
            0xAC or 0xAD or 0xAE => !(readsFlag && untilZero),
            0x2C => !untilZero,
            _ => false,
        };
        if (!waits || (load & 0x128400) != 0x28400 || (!readsFlag && !untilZero && _riot.Timer(cycles + 4) > 0x7F))
        {
            return 0;
        }

        var spare = _riot.CyclesAbove(untilZero ? 0 : -1, cycles) - 4;
        return spare < 0 ? 0 : (spare / round) + 1;
    }
}
