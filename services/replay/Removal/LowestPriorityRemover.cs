using System.Numerics;
using Rapid.Replay.Selection;

namespace Rapid.Replay.Removal;

/// <summary>
/// The block whose items have the lowest weights goes first, of equal ones the oldest: a tournament tree, in which empty slots do not take
/// part.
/// </summary>
internal sealed class LowestPriorityRemover : Remover
{
    private const int None = -1;

    private readonly PrioritySelector _priorities;
    private readonly int[] _winners;
    private readonly ulong[] _ids;
    private readonly int _leaves;

    /// <param name="slots">How many.</param>
    /// <param name="priorities">Knows the weights.</param>
    public LowestPriorityRemover(int slots, PrioritySelector priorities)
    {
        _priorities = priorities;
        _leaves = (int)BitOperations.RoundUpToPowerOf2((uint)slots);
        (_winners, _ids) = (new int[2 * _leaves], new ulong[slots]);
        Array.Fill(_winners, None);
    }

    public override int Next => _winners[1];

    public override void Add(int slot, ulong id)
    {
        _ids[slot] = id;
        _winners[_leaves + slot] = slot;
        Update(slot);
    }

    public override void Remove(int slot)
    {
        _winners[_leaves + slot] = None;
        Update(slot);
    }

    public override void Update(int slot)
    {
        for (var node = (_leaves + slot) >> 1; node > 0; node >>= 1)
        {
            var (left, right) = (_winners[2 * node], _winners[2 * node + 1]);
            _winners[node] = right == None || (left != None && IsLower(left, right)) ? left : right;
        }
    }

    private bool IsLower(int left, int right)
    {
        var (one, other) = (_priorities.WeightOf(left), _priorities.WeightOf(right));
        return one < other || (one == other && _ids[left] < _ids[right]);
    }
}
