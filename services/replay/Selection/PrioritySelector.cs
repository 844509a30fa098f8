using System.Buffers;
using System.Numerics;
using Rapid.Replay.Selection;

[assembly: Selector<PrioritySelector>("prioritised")]

namespace Rapid.Replay.Selection;

/// <summary>
/// Items in proportion to their weight, which is priority ^ alpha, with replacement (Schaul et al. 2016, eq. 1). New items get the highest
/// priority so far, so that each is likely to be seen once. While every priority is 0, items are drawn uniformly. What derives from it draws
/// by another rule: its table takes priorities, evicts by them, and keeps them in checkpoints and in Redis.
/// </summary>
public class PrioritySelector : Selector
{
    // Leaves of a slot: a power of two, so that a node of the tree is the slot's sum.
    private readonly int _stride;
    private readonly SumTree _weights;

    /// <summary>Gives no item a weight yet.</summary>
    /// <param name="context">What it chooses from.</param>
    public PrioritySelector(SelectorContext context)
        : base(context)
    {
        _stride = (int)BitOperations.RoundUpToPowerOf2((uint)Context.ItemsPerSlot);
        _weights = new SumTree(LeavesFor(Context.Slots, Context.ItemsPerSlot));
    }

    /// <summary>The highest priority so far; at first 1.</summary>
    public double HighestPriority { get; internal set; } = 1;

    /// <summary>Sum of the weights of all items.</summary>
    protected double TotalWeight => _weights.Total;

    /// <summary>Weight of an item.</summary>
    protected double WeightOf(int slot, int index) => _weights[slot * _stride + index];

    /// <summary>Sum of the weights of a slot's items.</summary>
    protected internal double WeightOf(int slot) => _weights.SumOf(slot * _stride, _stride);

    /// <inheritdoc/>
    protected override Draw Draw(int position)
    {
        if (!(_weights.Total > 0))
        {
            return DrawUniformly();
        }

        var leaf = _weights.Find(Context.Random.NextDouble() * _weights.Total);
        return new Draw(leaf / _stride, leaf % _stride, _weights[leaf] / _weights.Total);
    }

    /// <summary>Leaves of the tree that so many items need.</summary>
    internal static long LeavesFor(int slots, int itemsPerSlot) => (long)slots * BitOperations.RoundUpToPowerOf2((uint)itemsPerSlot);

    /// <inheritdoc/>
    internal override void Add(int slot)
    {
        Fill(slot, Math.Pow(HighestPriority, Context.PriorityExponent));
        base.Add(slot);
    }

    /// <inheritdoc/>
    internal override void Remove(int slot)
    {
        Fill(slot, 0);
        base.Remove(slot);
    }

    /// <summary>Gives an item that is held another priority.</summary>
    internal void Update(int slot, int index, double priority)
    {
        HighestPriority = Math.Max(HighestPriority, priority);
        _weights.Set(slot * _stride + index, Math.Pow(priority, Context.PriorityExponent));
    }

    /// <summary>Copies a slot's weights out.</summary>
    internal void Export(int slot, Span<double> weights)
    {
        for (var i = 0; i < Context.ItemsPerSlot; i++)
        {
            weights[i] = _weights[slot * _stride + i];
        }
    }

    /// <summary>Gives a held slot the weights that <see cref="Export"/> copied.</summary>
    internal void Import(int slot, ReadOnlySpan<double> weights) => _weights.SetRange(slot * _stride, weights);

    private void Fill(int slot, double weight)
    {
        var weights = ArrayPool<double>.Shared.Rent(Context.ItemsPerSlot);
        weights.AsSpan(0, Context.ItemsPerSlot).Fill(weight);
        _weights.SetRange(slot * _stride, weights.AsSpan(0, Context.ItemsPerSlot));
        ArrayPool<double>.Shared.Return(weights);
    }
}
