namespace Rapid.Replay.Tables;

/// <summary>
/// Which of a table's blocks are in memory, and where: a second-chance clock, so that blocks that were drawn lately stay. When there is a
/// place for every block nothing is ever pushed out. Not thread-safe.
/// </summary>
internal sealed class HotSlots
{
    private const int None = -1;

    private readonly int[] _places, _owners;
    private readonly bool[] _wasUsed;
    private readonly Stack<int> _free;
    private int _hand;

    /// <param name="slots">Blocks of the table.</param>
    /// <param name="places">Blocks that fit into memory.</param>
    public HotSlots(int slots, int places)
    {
        (_places, _owners, _wasUsed) = (new int[slots], new int[places], new bool[places]);
        Array.Fill(_places, None);
        Array.Fill(_owners, None);
        _free = new Stack<int>(Enumerable.Range(0, places).Reverse());
    }

    /// <summary>Bytes that this takes.</summary>
    public static long BytesFor(int slots, int places) => sizeof(int) * (slots + 2L * places) + places;

    /// <summary>Where a slot's block is; -1 when it is not in memory.</summary>
    public int Find(int slot)
    {
        var place = _places[slot];
        if (place != None)
        {
            _wasUsed[place] = true;
        }

        return place;
    }

    /// <summary>Finds a place for a slot's block, which is not in memory yet.</summary>
    public int Admit(int slot)
    {
        if (!_free.TryPop(out var place))
        {
            while (_wasUsed[_hand])
            {
                _wasUsed[_hand] = false;
                _hand = (_hand + 1) % _owners.Length;
            }

            place = _hand;
            _hand = (_hand + 1) % _owners.Length;
            _places[_owners[place]] = None;
        }

        (_places[slot], _owners[place], _wasUsed[place]) = (place, slot, true);
        return place;
    }

    /// <summary>A slot was emptied.</summary>
    /// <returns>The place that is free now; -1 when its block was not in memory.</returns>
    public int Remove(int slot)
    {
        var place = _places[slot];
        if (place != None)
        {
            (_places[slot], _owners[place], _wasUsed[place]) = (None, None, false);
            _free.Push(place);
        }

        return place;
    }
}
