namespace Rapid.Replay.Selection;

/// <summary>
/// The newest items, newest first: within a block the last one first. A batch that is larger than the table begins again.
/// </summary>
internal sealed class NewestSelector(int slots, int itemsPerSlot) : ItemSelector
{
    private const int None = -1;

    private readonly int[] _older = new int[slots], _newer = new int[slots];
    private int _newest = None, _count, _slot, _index;

    /// <summary>Bytes that this takes.</summary>
    public static long BytesFor(int slots) => 2L * sizeof(int) * slots;

    public override void Add(int slot)
    {
        (_older[slot], _newer[slot]) = (_newest, None);
        if (_newest != None)
        {
            _newer[_newest] = slot;
        }

        _newest = slot;
        _count++;
    }

    public override void Remove(int slot)
    {
        var (older, newer) = (_older[slot], _newer[slot]);
        if (older != None)
        {
            _newer[older] = newer;
        }

        if (newer != None)
        {
            _older[newer] = older;
        }
        else
        {
            _newest = older;
        }

        _count--;
        _slot = None;
    }

    public override Draw Draw(int position)
    {
        if (position == 0 || _slot == None)
        {
            (_slot, _index) = (_newest, itemsPerSlot);
        }
        else if (_index == 0)
        {
            (_slot, _index) = (_older[_slot] == None ? _newest : _older[_slot], itemsPerSlot);
        }

        return new Draw((long)_slot * itemsPerSlot + --_index, 1.0 / ((double)_count * itemsPerSlot));
    }
}
