using Grpc.Core;
using Rapid.Core;
using Rapid.Protocol.V1;
using Rapid.Replay.Limits;
using Rapid.Replay.Sampling;
using Rapid.Replay.Selection;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <summary>
/// A table of bounded size from which items are drawn again and again: a selector chooses them, a remover chooses which block gives way to a
/// new one, and a rate limiter holds draws and appends together.
/// </summary>
internal sealed partial class RingTable : ReplayTable
{
    private const int MostExported = 8;

    private readonly SelectorAttribute _selector;
    private readonly SampleToInsertRatio _limiter;
    private readonly RandomStream _random;
    private readonly EpisodeLog _episodes = new();
    private readonly int _maximumBatchBytes;
    private RingContents? _contents;
    private List<ulong> _evictedIds = [];
    private ulong _evicted, _sampled, _broken, _rejectedPriorities, _coldBlocks;
    private long _newestVersion, _inFlight;

    public RingTable(TableDefinition definition, SelectorAttribute selector, SampleToInsertRatio limiter, string incarnation,
        ITableStore store, MemoryBudget memory, int maximumBatchBytes)
        : base(definition, incarnation, store, memory, limiter)
    {
        (_selector, _limiter) = (selector, limiter);
        _random = new RandomStream(definition.Seed);
        _maximumBatchBytes = maximumBatchBytes;
        Exported = new ExportedBlocks(this, memory);
    }

    /// <summary>Whether its items have priorities, and its batches weights.</summary>
    public bool HasPriorities => _selector.HasPriorities;

    /// <summary>What exports are sending.</summary>
    public ExportedBlocks Exported { get; }

    /// <summary>Blocks of one export that may be on their way: none waits for memory, and a store's round trip is to be hidden.</summary>
    public int ExportAhead => Definition.Store == StoreKind.Memory ? 1 : MostExported;

    public override SampleSession Open(SampleRequest request)
    {
        if (request.BatchSize is 0 or > int.MaxValue)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument,
                $"batch_size: {request.BatchSize} is out of range for table '{Definition.Name}', allowed: 1 to {int.MaxValue}"));
        }

        lock (Gate)
        {
            var batch = new BatchNews { Episodes = _episodes.End, Broken = _broken };
            var patience = TimeSpan.FromMilliseconds(Math.Min(request.Patience, int.MaxValue));
            return new RingSession(this, (int)request.BatchSize, patience, batch);
        }
    }

    /// <summary>Draws a batch and copies of it what is in memory; false when it must wait.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT: batches of this size are impossible. FAILED_PRECONDITION: the selector
    /// failed.</exception>
    public bool TryDraw(BatchBuffer batch)
    {
        lock (Gate)
        {
            if (IsDropped || _contents is not { Held: > 0 } contents)
            {
                return false;
            }

            var steps = (long)batch.Count * contents.Layout.StepsOf(Definition.Items);
            if (batch.Gather is null)
            {
                CheckBatch(contents.Layout, batch.Count, steps);
                Bind(batch, contents.Layout);
            }

            if (!_limiter.CanSample(steps))
            {
                return false;
            }

            batch.Begin();
            for (var position = 0; position < batch.Count; position++)
            {
                contents.Draw(batch, position);
            }

            batch.Copy(contents.Ring);
            _limiter.Sample(steps);
            _sampled += (ulong)batch.Count;
            Report(batch);
            Signal();
            return true;
        }
    }

    /// <summary>As <see cref="TryDraw"/>, waiting for it.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or the table was dropped.</exception>
    public Task DrawAsync(BatchBuffer batch, CancellationToken cancellation) => WaitAsync(() => TryDraw(batch), DrawWaits, cancellation);

    /// <summary>Gives items priorities; those that the table holds no longer are ignored.</summary>
    /// <returns>What is wrong with the first that was refused, or null.</returns>
    public string? UpdatePriorities(IReadOnlyList<PriorityUpdate> updates)
    {
        if (!HasPriorities)
        {
            return $"priorities: items of table '{Definition.Name}', which selector '{_selector.Name}' draws, have none; only PRIORITISED "
                + "tables and selectors with priorities have them";
        }

        string? problem = null;
        lock (Gate)
        {
            foreach (var update in updates)
            {
                // A sum of that many weights must still be a number.
                var weight = Math.Pow(update.Priority, Definition.PriorityExponent);
                if (!double.IsFinite(update.Priority) || update.Priority < 0 || weight > 1e200)
                {
                    problem ??= $"priorities: {update.Priority} of item {update.Id} of table '{Definition.Name}' is refused; allowed: "
                        + "finite, >= 0, and "
                        + $"at most 1e200 to the power of priority_exponent {Definition.PriorityExponent}";
                    _rejectedPriorities++;
                }
                else if (!IsDropped && _contents?.Update(update.Id, update.Priority) == true && Definition.Store != StoreKind.Memory)
                {
                    _unsaved[update.Id] = update.Priority;
                }
            }

            SaveUnlessSaving();
        }

        return problem;
    }

    /// <summary>A batch is not needed any more.</summary>
    public void Release(BatchBuffer batch) => Memory.ReleaseForStreams(batch.Reserved);

    /// <summary>Why nothing can be drawn now.</summary>
    public string WhyWaiting()
    {
        lock (Gate)
        {
            return $"table '{Definition.Name}' {_limiter.WhyWaiting}";
        }
    }

    /// <summary>Ids of the blocks held, oldest first.</summary>
    public IReadOnlyList<ulong> BlockIds()
    {
        lock (Gate)
        {
            return IsDropped || _contents is null ? [] : _contents.Ids;
        }
    }

    /// <summary>A copy of a block; null when the table no longer holds it.</summary>
    public async Task<Trajectory?> ReadAsync(ulong id, CancellationToken cancellation)
    {
        if (Definition.Store != StoreKind.Memory)
        {
            return await Store.LoadAsync(id, cancellation);
        }

        lock (Gate)
        {
            return IsDropped ? null : _contents?.Read(id);
        }
    }

    protected override string? ProblemOf(Trajectory block) =>
        ItemRules.Problem(block, Definition) ?? _limiter.Problem((long)block.Steps * block.Environments, 0);

    protected override AppendOutcome Reserve(Trajectory block, int bytes)
    {
        if (!Memory.TryTake(bytes))
        {
            return RejectForMemory($"a block of {bytes} bytes");
        }

        try
        {
            _contents ??= Create(Definition, BlockLayout.Of(block));
        }
        catch (RpcException refused)
        {
            Memory.Release(bytes);
            return Reject(refused);
        }

        _inFlight += bytes;
        return default;
    }

    protected override void CancelReservation(Trajectory block, int bytes)
    {
        Land(bytes);
        Signal();
    }

    protected override void Add(ulong id, Trajectory block, int bytes)
    {
        Land(bytes);
        Keep(_contents!.Add(id, block));
        _episodes.Add(block.Episodes);
        _broken += block.BrokenEnvironments;
        _newestVersion = Math.Max(_newestVersion, block.PolicyVersion);
        Signal();
    }

    protected override void Limit(TableDefinition limits)
    {
        if (_contents is { } earlier && limits.CapacitySteps != Definition.CapacitySteps)
        {
            var contents = Create(limits, earlier.Layout);
            foreach (var evicted in contents.TakeFrom(earlier))
            {
                Keep(evicted);
            }

            earlier.Dispose();
            _contents = contents;
        }
    }

    protected override IReadOnlyCollection<ulong> TakeEvicted()
    {
        if (_evictedIds.Count == 0)
        {
            return [];
        }

        var evicted = _evictedIds;
        _evictedIds = [];
        return evicted;
    }

    protected override void Describe(TableInfo info)
    {
        info.InsertedSteps = (ulong)_limiter.Inserted;
        info.SampledItems = _sampled;
        info.EvictedBlocks = _evicted;
        info.RejectedPriorities = _rejectedPriorities;
        info.NewestPolicyVersion = _newestVersion;
        info.ColdBlocks = _coldBlocks;
        if (_contents is { } contents && !IsDropped)
        {
            info.Blocks = (ulong)contents.Held;
            info.Steps = (ulong)contents.Held * (ulong)contents.Layout.Rows;
            info.Bytes = (ulong)contents.Held * (ulong)contents.Layout.BlockBytes;
            info.OldestPolicyVersion = contents.OldestPolicyVersion;
        }
    }

    protected override void Free()
    {
        _contents?.Dispose();
        Memory.Release(_inFlight);
        _inFlight = 0;
    }

    /// <summary>Under the gate: the batch, and its copy in the call that sends it.</summary>
    private void Bind(BatchBuffer batch, BlockLayout layout)
    {
        var bytes = 2 * ((long)Gather.BytesOf(layout, Definition, batch.Count) + (long)batch.Count * BatchBuffer.BytesPerItem);
        if (!Memory.TryTakeForStreams(bytes))
        {
            throw Memory.TooMuchForStreams($"batch_size: {batch.Count} items of table '{Definition.Name}', {bytes} bytes,");
        }

        batch.Bind(layout, Definition, HasPriorities, bytes);
    }

    private void CheckBatch(BlockLayout layout, int count, long steps)
    {
        var bytes = Gather.BytesOf(layout, Definition, count);
        var problem = bytes > _maximumBatchBytes
            ? $"{bytes} bytes, more than a message may have ({_maximumBatchBytes}, RAPID_MAX_MESSAGE)"
            : _limiter.Problem(layout.Rows, steps);
        if (problem is not null)
        {
            throw new RpcException(
                new Status(StatusCode.InvalidArgument,
                    $"batch_size: {count} items of table '{Definition.Name}' are impossible: {problem}"));
        }
    }

    /// <summary>Under the gate: what comes with the items.</summary>
    private void Report(BatchBuffer batch)
    {
        var message = batch.Reply.Batch;
        message.InsertedSteps = (ulong)_limiter.Inserted;
        message.HeldSteps = (ulong)_contents!.Held * (ulong)_contents.Layout.Rows;
        message.Episodes.Clear();
        batch.News.Episodes = _episodes.Read(batch.News.Episodes, message.Episodes);
        message.BrokenEnvironments = _broken - batch.News.Broken;
        batch.News.Broken = _broken;
    }

    private RingContents Create(TableDefinition limits, BlockLayout layout) =>
        RingContents.Create(limits, _selector, layout, _random, Memory);

    /// <summary>Under the gate: a block that only the store still holds.</summary>
    private void Keep(ulong evicted)
    {
        if (evicted == 0)
        {
            return;
        }

        _evicted++;
        if (Definition.Store != StoreKind.Memory)
        {
            _evictedIds.Add(evicted);
        }
    }

    /// <summary>Under the gate: the message of a block is no longer needed.</summary>
    private void Land(int bytes)
    {
        Memory.Release(bytes);
        _inFlight -= bytes;
    }
}
