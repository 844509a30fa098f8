namespace Rapid.Benchmarks;

/// <summary>A block's name, which is its producer's.</summary>
internal readonly record struct BlockName(string Producer, ulong Sequence)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Producer}/{Sequence}";
}

/// <summary>What was done to a table and what it answered, in the order in which it was heard.</summary>
internal sealed class History
{
    private readonly Lock _gate = new();
    private readonly List<(BlockName Block, bool IsRepeated)> _acknowledged = [];
    private readonly List<(BlockName Block, int Call)> _delivered = [];
    private readonly HashSet<BlockName> _settled = [];
    private readonly List<string> _problems = [];

    /// <summary>The table said that it has a block; again, when an earlier try had brought it.</summary>
    public void Acknowledge(BlockName block, bool isRepeated)
    {
        lock (_gate)
        {
            _acknowledged.Add((block, isRepeated));
        }
    }

    /// <summary>A queue gave a block to a consumer, in its n-th call. What was settled must not come again.</summary>
    public void Deliver(BlockName block, int call)
    {
        lock (_gate)
        {
            _delivered.Add((block, call));
            if (_settled.Contains(block))
            {
                _problems.Add($"doubled: {block} came again after it was settled");
            }
        }
    }

    /// <summary>A call in which the consumer said that it has used these blocks ended well.</summary>
    public void Settle(IEnumerable<BlockName> blocks)
    {
        lock (_gate)
        {
            _settled.UnionWith(blocks);
        }
    }

    /// <summary>How many different blocks were acknowledged.</summary>
    public int Acknowledged
    {
        get
        {
            lock (_gate)
            {
                return _acknowledged.Select(entry => entry.Block).Distinct().Count();
            }
        }
    }

    /// <summary>How many acknowledgements said that the block was there already.</summary>
    public int Repeated
    {
        get
        {
            lock (_gate)
            {
                return _acknowledged.Count(entry => entry.IsRepeated);
            }
        }
    }

    /// <summary>Whether a queue has delivered whatever it acknowledged.</summary>
    public bool IsDrained
    {
        get
        {
            lock (_gate)
            {
                return _acknowledged.Select(entry => entry.Block).ToHashSet().IsSubsetOf(_delivered.Select(entry => entry.Block));
            }
        }
    }

    /// <summary>
    /// A table that evicts its oldest blocks holds, of each producer, the newest without a gap; it has evicted only if it is full.
    /// </summary>
    /// <param name="held">What it holds in the end.</param>
    /// <param name="offered">The newest sequence that each producer has sent.</param>
    /// <param name="capacity">How many blocks it may hold.</param>
    public IReadOnlyList<string> CheckRing(
        IReadOnlyList<BlockName> held, IReadOnlyDictionary<string, ulong> offered, int capacity)
    {
        var problems = Common(held, offered);
        problems.AddRange(held.GroupBy(block => block).Where(group => group.Count() > 1)
            .Select(group => $"doubled: {group.Key} is held {group.Count()} times"));
        if (held.Count > capacity)
        {
            problems.Add($"kept: {held.Count} blocks are held, the table may hold {capacity}");
        }

        var there = held.ToHashSet();
        var oldest = held.GroupBy(block => block.Producer).ToDictionary(group => group.Key, group => group.Min(block => block.Sequence));
        lock (_gate)
        {
            problems.AddRange(_acknowledged.Select(entry => entry.Block).Distinct()
                .Where(block => !there.Contains(block))
                .Where(block => held.Count < capacity || block.Sequence > oldest.GetValueOrDefault(block.Producer, ulong.MaxValue))
                .Select(block => $"lost: {block} was acknowledged, was not due for eviction and is not held"));
        }

        return problems;
    }

    /// <summary>
    /// A queue delivers every block that it acknowledged, one that the consumer has not settled perhaps again, each to one call at a time,
    /// and those of a producer in order.
    /// </summary>
    /// <param name="offered">The newest sequence that each producer has sent.</param>
    public IReadOnlyList<string> CheckQueue(IReadOnlyDictionary<string, ulong> offered)
    {
        lock (_gate)
        {
            var blocks = _delivered.Select(entry => entry.Block).Distinct().ToList();
            var problems = Common(blocks, offered);
            problems.AddRange(_delivered.GroupBy(entry => entry).Where(group => group.Count() > 1)
                .Select(group => $"doubled: {group.Key.Block} came {group.Count()} times in one call"));
            problems.AddRange(_acknowledged.Select(entry => entry.Block).Distinct().Except(blocks)
                .Select(block => $"lost: {block} was acknowledged and never delivered"));
            foreach (var producer in blocks.GroupBy(block => block.Producer))
            {
                problems.AddRange(producer.Zip(producer.Skip(1)).Where(pair => pair.Second.Sequence < pair.First.Sequence)
                    .Select(pair => $"disordered: {pair.Second} first came after {pair.First}"));
            }

            return problems;
        }
    }

    /// <summary>What holds for every table: it invents nothing, and says of no block twice that it is new.</summary>
    private List<string> Common(IReadOnlyList<BlockName> seen, IReadOnlyDictionary<string, ulong> offered)
    {
        lock (_gate)
        {
            return
            [
                .. _problems,
                .. seen.Distinct().Where(block => block.Sequence == 0 || block.Sequence > offered.GetValueOrDefault(block.Producer))
                    .Select(block => $"invented: nobody sent {block}"),
                .. _acknowledged.Where(entry => !entry.IsRepeated).GroupBy(entry => entry.Block).Where(group => group.Count() > 1)
                    .Select(group => $"doubled: {group.Key} was stored {group.Count()} times"),
            ];
        }
    }
}
