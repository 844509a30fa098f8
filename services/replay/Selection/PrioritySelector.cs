using System.Buffers;
using System.Numerics;
using Rapid.Core;

namespace Rapid.Replay.Selection;

/// <summary>
/// Items in proportion to priority ^ alpha, with replacement (Schaul et al. 2016, eq. 1). New items get the highest priority so far, so
/// that each is likely to be seen once. While every priority is 0, items are drawn uniformly.
/// </summary>
internal sealed class PrioritySelector(int slots, int itemsPerSlot, double alpha, RandomStream random) : ItemSelector
{
    // Leaves of a slot: a power of two, so that a node of the tree is the slot's sum.
    private readonly int _stride = (int)BitOperations.RoundUpToPowerOf2((uint)itemsPerSlot);
    private readonly SumTree _weights = new(LeavesFor(slots, itemsPerSlot));
    private readonly UniformSelector _uniform = new(slots, itemsPerSlot, random);

    /// <summary>The highest priority so far; at first 1.</summary>
    public double HighestPriority { get; set; } = 1;

    /// <summary>Leaves of the tree that so many items need.</summary>
    public static long LeavesFor(int slots, int itemsPerSlot) => (long)slots * BitOperations.RoundUpToPowerOf2((uint)itemsPerSlot);

    /// <summary>Bytes that this takes.</summary>
    public static long BytesFor(int slots, int itemsPerSlot) =>
        SumTree.BytesFor(LeavesFor(slots, itemsPerSlot)) + UniformSelector.BytesFor(slots);

    /// <summary>Sum of a slot's weights.</summary>
    public double WeightOf(int slot) => _weights.SumOf(slot * _stride, _stride);

    public override void Add(int slot)
    {
        _uniform.Add(slot);
        Fill(slot, Math.Pow(HighestPriority, alpha));
    }

    public override void Remove(int slot)
    {
        _uniform.Remove(slot);
        Fill(slot, 0);
    }

    public override Draw Draw(int position)
    {
        if (!(_weights.Total > 0))
        {
            return _uniform.Draw(position);
        }

        var leaf = _weights.Find(random.NextDouble() * _weights.Total);
        return new Draw((long)(leaf / _stride) * itemsPerSlot + leaf % _stride, _weights[leaf] / _weights.Total);
    }

    /// <summary>Gives an item that is held another priority.</summary>
    public void Update(int slot, int index, double priority)
    {
        HighestPriority = Math.Max(HighestPriority, priority);
        _weights.Set(slot * _stride + index, Math.Pow(priority, alpha));
    }

    /// <summary>Copies a slot's weights, priority ^ alpha, out.</summary>
    public void Export(int slot, Span<double> weights)
    {
        for (var i = 0; i < itemsPerSlot; i++)
        {
            weights[i] = _weights[slot * _stride + i];
        }
    }

    /// <summary>Gives a held slot the weights that <see cref="Export"/> copied.</summary>
    public void Import(int slot, ReadOnlySpan<double> weights) => _weights.SetRange(slot * _stride, weights);

    private void Fill(int slot, double weight)
    {
        var weights = ArrayPool<double>.Shared.Rent(itemsPerSlot);
        weights.AsSpan(0, itemsPerSlot).Fill(weight);
        _weights.SetRange(slot * _stride, weights.AsSpan(0, itemsPerSlot));
        ArrayPool<double>.Shared.Return(weights);
    }
}
