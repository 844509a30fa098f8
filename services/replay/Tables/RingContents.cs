using Grpc.Core;
using Rapid.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay.Removal;
using Rapid.Replay.Sampling;
using Rapid.Replay.Selection;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <summary>
/// The blocks of a table that is no queue: which slot holds which, which of them are in memory, and how items are chosen among them. All
/// memory is taken when it is made. Not thread-safe.
/// </summary>
internal sealed class RingContents : IDisposable
{
    // Ids, the way from id to slot, references, and what a selector and a remover know of each slot; and what is remembered of a block
    // besides its columns when there is no store to ask.
    private const int SlotBytes = 72 + Remover.BytesPerSlot, HeaderBytes = 256, EpisodeBytes = 64;

    private readonly MemoryBudget _memory;
    private readonly ColumnRing _ring;
    private readonly HotSlots _hot;
    private readonly Selector _selector;
    private readonly Remover _remover;
    private readonly ulong[] _ids;
    private readonly Trajectory?[] _headers;
    private readonly Dictionary<ulong, int> _slots;
    private readonly int _items;
    private readonly long _bookkeeping;
    private string _experiment = "";
    private long _episodeBytes;
    private int _empty;

    private RingContents(TableDefinition definition, ColumnRing ring, Selector selector, int slots, MemoryBudget memory, long bookkeeping)
    {
        (_ring, _selector, _memory, _bookkeeping) = (ring, selector, memory, bookkeeping);
        (Slots, _items, _hot) = (slots, ring.Layout.ItemsOf(definition.Items), new HotSlots(slots, ring.Slots));
        (_ids, _slots) = (new ulong[slots], new Dictionary<ulong, int>(slots));
        _headers = definition.Store == StoreKind.Memory ? new Trajectory?[slots] : [];
        Priorities = selector as PrioritySelector;
        _remover = Remover.Make(definition.Eviction, slots, Priorities);
    }

    public BlockLayout Layout => _ring.Layout;

    public ColumnRing Ring => _ring;

    /// <summary>How many blocks fit.</summary>
    public int Slots { get; }

    /// <summary>Blocks held.</summary>
    public int Held => _slots.Count;

    /// <summary>Items cut out of a block.</summary>
    public int ItemsPerBlock => _items;

    /// <summary>Null when items have no priorities.</summary>
    public PrioritySelector? Priorities { get; }

    /// <summary>Ids of the blocks held, oldest first.</summary>
    public ulong[] Ids => [.. _slots.Keys.Order()];

    /// <summary>The policy of the oldest block; 0 when it is not known.</summary>
    public long OldestPolicyVersion =>
        _remover.IsByAge && _headers.Length > 0 && Held > 0 ? _headers[_remover.Next]!.PolicyVersion : 0;

    /// <summary>Takes the memory that a table needs for blocks of a layout.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: the service may not have that much. FAILED_PRECONDITION: the selector cannot
    /// be made.</exception>
    public static RingContents Create(TableDefinition definition, SelectorAttribute selector, BlockLayout layout, RandomStream random,
        MemoryBudget memory)
    {
        var isMemory = definition.Store == StoreKind.Memory;
        var slots = (long)Math.Max(1, definition.CapacitySteps / (ulong)layout.Rows);
        var places = isMemory ? slots : Math.Clamp((long)definition.CacheBytes / Math.Max(1, layout.BlockBytes), 1, slots);
        var items = layout.ItemsOf(definition.Items);
        var what = $"table '{definition.Name}': a table of {definition.CapacitySteps} steps in blocks of {layout.Rows} steps and "
            + $"{layout.BlockBytes} bytes";
        if (slots > Array.MaxLength / 2 || selector.BytesFor((int)slots, items) is not { } selecting)
        {
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"{what} has more items than a table can hold"));
        }

        var bookkeeping = slots * (SlotBytes + (isMemory ? HeaderBytes : 0)) + HotSlots.BytesFor((int)slots, (int)places) + selecting;
        if (!memory.TryTake(bookkeeping))
        {
            throw memory.TooMuch(what);
        }

        ColumnRing? ring = null;
        try
        {
            ring = ColumnRing.TryCreate(layout, (int)places, memory) ?? throw memory.TooMuch(what);
            var context = new SelectorContext(definition.Name, (int)slots, items, definition.PriorityExponent, random);
            return new RingContents(definition, ring, selector.Make(context), (int)slots, memory, bookkeeping);
        }
        catch
        {
            ring?.Dispose();
            memory.Release(bookkeeping);
            throw;
        }
    }

    /// <summary>Whether a block is held, and where.</summary>
    public bool TryFind(ulong id, out int slot) => _slots.TryGetValue(id, out slot);

    /// <summary>Takes a block in.</summary>
    /// <param name="id">Greater than that of every block before it.</param>
    /// <param name="block">Its content; null when only the store has it.</param>
    /// <returns>The block that gave way; 0 when none had to.</returns>
    public ulong Add(ulong id, Trajectory? block)
    {
        var (slot, evicted) = MakeRoom();
        Put(slot, id, block);
        return evicted;
    }

    /// <summary>Puts a block where it was in a table that is brought back; the oldest first.</summary>
    /// <returns>False when there is no such place.</returns>
    public bool TryPlace(int slot, ulong id, Trajectory block)
    {
        if (id == 0 || slot < 0 || slot >= Slots || _ids[slot] != 0 || _slots.ContainsKey(id))
        {
            return false;
        }

        Put(slot, id, block);
        return true;
    }

    /// <summary>Forgets a block that is held.</summary>
    public void Remove(ulong id) => Empty(_slots[id]);

    /// <summary>Takes over the blocks of the contents that a table had before; what does not fit gives way by the table's rule.</summary>
    /// <param name="earlier">Of the same table; to be disposed of afterwards.</param>
    /// <returns>Blocks that gave way.</returns>
    public List<ulong> TakeFrom(RingContents earlier)
    {
        List<ulong> evicted = [];
        while (earlier.Held > Slots)
        {
            evicted.Add(earlier.Empty(earlier._remover.Next));
        }

        if (Priorities is not null)
        {
            Priorities.HighestPriority = earlier.Priorities!.HighestPriority;
        }

        foreach (var id in earlier.Ids)
        {
            Move(earlier, id);
        }

        return evicted;
    }

    /// <summary>Draws the item for one position of a batch; there is at least one block.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: the selector failed.</exception>
    public void Draw(BatchBuffer batch, int position)
    {
        var (slot, index, probability) = _selector.Next(position);
        var id = _ids[slot];
        batch.Add(new Pick(position, slot, index, id), id * (ulong)_items + (ulong)index, probability * Held * _items, _hot.Find(slot));
    }

    /// <summary>Puts a block that came from the store into memory, unless it is there, or has been evicted meanwhile.</summary>
    /// <returns>Its place; -1 when the table no longer holds it.</returns>
    public int Admit(ulong id, Trajectory block)
    {
        if (!_slots.TryGetValue(id, out var slot))
        {
            return -1;
        }

        var place = _hot.Find(slot);
        if (place < 0)
        {
            place = _hot.Admit(slot);
            _ring.Write(place, block);
        }

        return place;
    }

    /// <summary>Gives an item another priority, unless the table no longer holds it.</summary>
    /// <returns>Whether the table holds it.</returns>
    public bool Update(ulong item, double priority)
    {
        var (id, index) = Math.DivRem(item, (ulong)_items);
        if (_slots.TryGetValue(id, out var slot))
        {
            Priorities!.Update(slot, (int)index, priority);
            _remover.Update(slot);
            return true;
        }

        return false;
    }

    /// <summary>The weights of a held block's items; none when they have no priorities.</summary>
    public double[] ExportWeights(ulong id)
    {
        var weights = new double[Priorities is null ? 0 : _items];
        Priorities?.Export(_slots[id], weights);
        return weights;
    }

    /// <summary>Gives the items of a block the weights that they once had.</summary>
    public void ImportWeights(ulong id, ReadOnlySpan<double> weights)
    {
        var slot = _slots[id];
        Priorities!.Import(slot, weights);
        _remover.Update(slot);
    }

    /// <summary>A copy of a block of a memory table; null when it is not held.</summary>
    /// <param name="id">Which block.</param>
    /// <param name="arena">Where its columns are copied to; null makes memory for them.</param>
    public Trajectory? Read(ulong id, BlockArena? arena = null)
    {
        if (!_slots.TryGetValue(id, out var slot))
        {
            return null;
        }

        var block = _headers[slot]!.Clone();
        block.Columns.AddRange(_ring.Read(_hot.Find(slot), arena));
        return block;
    }

    public void Dispose()
    {
        _ring.Dispose();
        _memory.Release(_bookkeeping + _episodeBytes);
    }

    private Trajectory HeaderOf(Trajectory block)
    {
        // Nearly all blocks of a table are of one experiment: they share the string.
        _experiment = block.Experiment == _experiment ? _experiment : block.Experiment;
        var header = block.WithoutContent();
        header.Experiment = _experiment;
        header.Episodes.AddRange(block.Episodes);
        CountEpisodes(header.Episodes.Count);
        return header;
    }

    private void CountEpisodes(int change)
    {
        _episodeBytes += (long)change * EpisodeBytes;
        _memory.Take((long)change * EpisodeBytes);
    }

    private void Put(int slot, ulong id, Trajectory? block)
    {
        _ids[slot] = id;
        _slots.Add(id, slot);
        if (block is not null)
        {
            _ring.Write(_hot.Admit(slot), block);
            if (_headers.Length > 0)
            {
                _headers[slot] = HeaderOf(block);
            }
        }

        _selector.Add(slot);
        _remover.Add(slot, id);
    }

    private void Move(RingContents earlier, ulong id)
    {
        var (from, to) = (earlier._slots[id], MakeRoom().Slot);
        Put(to, id, null);
        if (Priorities is not null)
        {
            ImportWeights(id, earlier.ExportWeights(id));
        }

        if (earlier._hot.Find(from) is >= 0 and var place)
        {
            _ring.Copy(earlier._ring, place, _hot.Admit(to));
        }

        if (_headers.Length > 0)
        {
            _headers[to] = earlier._headers[from];
            CountEpisodes(_headers[to]!.Episodes.Count);
        }
    }

    private (int Slot, ulong Evicted) MakeRoom()
    {
        if (Held == Slots)
        {
            var slot = _remover.Next;
            return (slot, Empty(slot));
        }

        while (_ids[_empty] != 0)
        {
            _empty = (_empty + 1) % Slots;
        }

        return (_empty, 0);
    }

    private ulong Empty(int slot)
    {
        var id = _ids[slot];
        _ids[slot] = 0;
        _slots.Remove(id);
        _selector.Remove(slot);
        _remover.Remove(slot);
        if (_headers.Length > 0)
        {
            CountEpisodes(-_headers[slot]!.Episodes.Count);
            _headers[slot] = null;
        }

        if (_hot.Remove(slot) is >= 0 and var place)
        {
            _ring.Clear(place);
        }

        return id;
    }
}
