using Rapid.Environments;

namespace Rapid.Replay.Selection;

/// <summary>Every item with equal probability, with replacement.</summary>
internal sealed class UniformSelector(int slots, int itemsPerSlot, RandomStream random) : ItemSelector
{
    // The slots in use without gaps, and where each of them stands.
    private readonly int[] _used = new int[slots], _position = new int[slots];
    private int _count;

    /// <summary>Bytes that this takes.</summary>
    public static long BytesFor(int slots) => 2L * sizeof(int) * slots;

    public override void Add(int slot)
    {
        _position[slot] = _count;
        _used[_count++] = slot;
    }

    public override void Remove(int slot)
    {
        var last = _used[--_count];
        _used[_position[slot]] = last;
        _position[last] = _position[slot];
    }

    public override Draw Draw(int position)
    {
        var items = (ulong)_count * (ulong)itemsPerSlot;
        var (block, index) = Math.DivRem((long)Math.BigMul(random.NextBits(), items, out _), itemsPerSlot);
        return new Draw((long)_used[block] * itemsPerSlot + index, 1.0 / items);
    }
}
