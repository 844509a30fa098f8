using System.Numerics;

namespace Rapid.Replay.Selection;

/// <summary>
/// Knows the slot of the lowest weight, of equal ones the one whose block is the oldest: a tournament tree. Empty slots do not take part.
/// </summary>
internal sealed class LowestSlot
{
    private const int None = -1;

    private readonly int[] _winners;
    private readonly double[] _weights;
    private readonly ulong[] _ages;
    private readonly int _leaves;

    /// <param name="slots">How many.</param>
    public LowestSlot(int slots)
    {
        _leaves = (int)BitOperations.RoundUpToPowerOf2((uint)slots);
        _winners = new int[2 * _leaves];
        Array.Fill(_winners, None);
        (_weights, _ages) = (new double[slots], new ulong[slots]);
    }

    /// <summary>The slot; -1 when all are empty.</summary>
    public int Slot => _winners[1];

    /// <summary>Bytes that this takes.</summary>
    public static long BytesFor(int slots) =>
        2L * sizeof(int) * BitOperations.RoundUpToPowerOf2((uint)slots) + (long)(sizeof(double) + sizeof(ulong)) * slots;

    /// <summary>A slot has a block: the smaller its age number, the older.</summary>
    public void Add(int slot, ulong age, double weight)
    {
        _ages[slot] = age;
        _winners[_leaves + slot] = slot;
        Set(slot, weight);
    }

    public void Remove(int slot)
    {
        _winners[_leaves + slot] = None;
        Climb(slot);
    }

    public void Set(int slot, double weight)
    {
        _weights[slot] = weight;
        Climb(slot);
    }

    private void Climb(int slot)
    {
        for (var node = (_leaves + slot) >> 1; node > 0; node >>= 1)
        {
            var (left, right) = (_winners[2 * node], _winners[2 * node + 1]);
            _winners[node] = right == None || (left != None && IsLower(left, right)) ? left : right;
        }
    }

    private bool IsLower(int left, int right) =>
        _weights[left] < _weights[right] || (_weights[left] == _weights[right] && _ages[left] < _ages[right]);
}
