using Grpc.Core;
using Rapid.Core;
using Rapid.Core.Plugins;

namespace Rapid.Replay.Selection;

/// <summary>A drawn item.</summary>
/// <param name="Slot">Its block's slot, which must hold one.</param>
/// <param name="Index">Which of the block's items, from 0.</param>
/// <param name="Probability">How probable this draw was, in (0, 1]: importance weights are made of it.</param>
public readonly record struct Draw(int Slot, int Index, double Probability);

/// <summary>What a selector chooses from.</summary>
/// <param name="Table">Name of the table.</param>
/// <param name="Slots">How many blocks the table holds at most; each is in a slot.</param>
/// <param name="ItemsPerSlot">How many items are cut out of a block.</param>
/// <param name="PriorityExponent">alpha of the table's definition.</param>
/// <param name="Random">The table's own stream, which its checkpoints hold: draws that use no other go on alike.</param>
public sealed record SelectorContext(string Table, int Slots, int ItemsPerSlot, double PriorityExponent, RandomStream Random);

/// <summary>
/// Chooses which stored items are drawn: a part of a table that is no queue. <see cref="SelectorAttribute{TSelector}"/> makes one known. It
/// is made anew, and hears of all blocks again, oldest first, when its table comes back or gets another size. Its methods are called one at
/// a time, under the table's lock: none may wait.
/// </summary>
/// <param name="context">What it chooses from.</param>
public abstract class Selector(SelectorContext context)
{
    private readonly bool[] _isHeld = new bool[context.Slots];
    private int _end;
    private string? _fault;

    /// <summary>What it chooses from.</summary>
    protected SelectorContext Context => context;

    /// <summary>How many slots hold a block.</summary>
    protected int HeldSlots { get; private set; }

    /// <summary>A block came into an empty slot. Blocks come in the order of their age.</summary>
    protected virtual void OnAdded(int slot)
    {
    }

    /// <summary>A slot was emptied.</summary>
    protected virtual void OnRemoved(int slot)
    {
    }

    /// <summary>Draws an item; at least one slot holds a block.</summary>
    /// <param name="position">Which one of its batch it will be, from 0.</param>
    protected abstract Draw Draw(int position);

    /// <summary>Draws any item with equal probability.</summary>
    protected Draw DrawUniformly()
    {
        while (true)
        {
            var item = (long)Math.BigMul(context.Random.NextBits(), (ulong)_end * (ulong)context.ItemsPerSlot, out _);
            var (slot, index) = Math.DivRem(item, context.ItemsPerSlot);

            // Only slots whose block the store lost are empty, until the next block comes.
            if (_isHeld[slot])
            {
                return new Draw((int)slot, (int)index, 1 / ((double)HeldSlots * context.ItemsPerSlot));
            }
        }
    }

    /// <summary>A block came into an empty slot.</summary>
    internal virtual void Add(int slot)
    {
        (_isHeld[slot], _end) = (true, Math.Max(_end, slot + 1));
        HeldSlots++;
        Tell(OnAdded, slot);
    }

    /// <summary>A slot was emptied.</summary>
    internal virtual void Remove(int slot)
    {
        _isHeld[slot] = false;
        HeldSlots--;
        Tell(OnRemoved, slot);
    }

    /// <summary>Draws an item that is held, whatever a plug-in does.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: the selector failed; the table is as it was.</exception>
    internal Draw Next(int position)
    {
        var problem = _fault;
        if (problem is null)
        {
            try
            {
                var draw = Draw(position);
                if ((uint)draw.Slot < (uint)_isHeld.Length && _isHeld[draw.Slot] && (uint)draw.Index < (uint)context.ItemsPerSlot
                    && draw.Probability is > 0 and <= 1)
                {
                    return draw;
                }

                problem = $"returned {draw}; allowed: a slot that holds a block, an index below {context.ItemsPerSlot}, a probability in (0, 1]";
            }
            catch (Exception error)
            {
                problem = $"threw {PluginAssemblies.CauseOf(error)}";
            }
        }

        throw new RpcException(new Status(
            StatusCode.FailedPrecondition,
            $"table '{context.Table}' cannot be drawn from: its selector {GetType().FullName} {problem}. The table keeps its blocks: mend "
                + "the plug-in and start this service again"));
    }

    /// <summary>A selector that has missed a block draws no more; the table goes on without it.</summary>
    private void Tell(Action<int> change, int slot)
    {
        try
        {
            change(slot);
        }
        catch (Exception error)
        {
            _fault ??= $"threw {PluginAssemblies.CauseOf(error)} in {change.Method.Name}";
        }
    }
}
