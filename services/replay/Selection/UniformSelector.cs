using Rapid.Core;

namespace Rapid.Replay.Selection;

/// <summary>Every item with equal probability, with replacement.</summary>
internal sealed class UniformSelector(int slots, int itemsPerSlot, RandomStream random) : ItemSelector
{
    private readonly bool[] _isUsed = new bool[slots];
    private int _count, _end;

    /// <summary>Bytes that this takes.</summary>
    public static long BytesFor(int slots) => slots;

    public override void Add(int slot)
    {
        _isUsed[slot] = true;
        _end = Math.Max(_end, slot + 1);
        _count++;
    }

    public override void Remove(int slot)
    {
        _isUsed[slot] = false;
        _count--;
    }

    public override Draw Draw(int position)
    {
        while (true)
        {
            var item = (long)Math.BigMul(random.NextBits(), (ulong)_end * (ulong)itemsPerSlot, out _);

            // Only slots whose block the store lost are empty, until the ring comes round to them.
            if (_isUsed[item / itemsPerSlot])
            {
                return new Draw(item, 1 / ((double)_count * itemsPerSlot));
            }
        }
    }
}
