using Rapid.Protocol.V1;
using Rapid.Replay.Stores;

namespace Rapid.Replay.Tables;

/// <summary>What became of an appended block.</summary>
internal readonly record struct AppendOutcome(bool IsDuplicate, string? Problem = null);

/// <summary>A block in a table; its content may be in the store only.</summary>
internal sealed class StoredBlock(ulong id, long steps, int bytes, Trajectory? content)
{
    public ulong Id => id;

    public long Steps => steps;

    public int Bytes => bytes;

    public Trajectory? Content { get; set; } = content;
}

/// <summary>
/// First in, first out, each block delivered once. A block is stored as soon as it comes; its producer hears so when the table has room for
/// its next one, which is the back-pressure: beyond its capacity a table holds at most one block of each producer that is waiting. Room
/// is made when a learner takes a block, not when it acknowledges it, so that actors collect while the learner learns.
/// </summary>
internal sealed class QueueTable(TableDefinition definition, string incarnation, ITableStore store) : IDisposable
{
    private const int MaximumProducers = 100_000;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _appending = new(1);
    private readonly LinkedList<StoredBlock> _waiting = new();
    private readonly Dictionary<string, ulong> _producers = [];
    private readonly Queue<string> _producerOrder = new();
    private readonly CancellationTokenSource _dropped = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _nextId = 1;
    private long _waitingSteps, _bytes;
    private string? _signature;
    private ulong _appended, _sampled, _duplicates, _rejected;
    private int _unacknowledged;

    public TableDefinition Definition => definition;

    /// <summary>Cancelled when the table is dropped.</summary>
    public CancellationToken Dropped => _dropped.Token;

    /// <summary>Bytes of all blocks, delivered ones included.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Takes up what the store still holds.</summary>
    public void Restore(RecoveredTable recovered)
    {
        foreach (var (id, steps, bytes) in recovered.Blocks)
        {
            Enqueue(new StoredBlock(id, steps, bytes, null));
            _nextId = Math.Max(_nextId, id + 1);
        }

        foreach (var (producer, sequence) in recovered.Producers)
        {
            Remember(producer, sequence);
        }
    }

    /// <summary>Stores a block once, then waits until there is room for another.</summary>
    public async Task<AppendOutcome> AppendAsync(Trajectory block, CancellationToken cancellation)
    {
        if (BlockValidator.Problem(block) is { } problem)
        {
            return Reject(problem);
        }

        var signature = BlockValidator.SignatureOf(block);
        bool isDuplicate;
        await _appending.WaitAsync(cancellation);
        try
        {
            if (_signature is not null && _signature != signature)
            {
                return Reject($"the block's columns are {signature} where table '{definition.Name}' holds {_signature}");
            }

            isDuplicate = _producers.TryGetValue(block.Producer, out var last) && block.Sequence <= last;
            if (!isDuplicate)
            {
                var id = _nextId++;
                await store.AppendAsync(id, block, cancellation);
                _signature = signature;
                Remember(block.Producer, block.Sequence);
                Enqueue(new StoredBlock(id, (long)block.Steps * block.Environments, block.CalculateSize(), block));
                _appended++;
            }
            else
            {
                _duplicates++;
            }
        }
        finally
        {
            _appending.Release();
        }

        await WaitAsync(() => _waitingSteps < (long)definition.CapacitySteps, cancellation);
        return new AppendOutcome(isDuplicate);
    }

    /// <summary>Takes the oldest block, waiting for one.</summary>
    public async Task<StoredBlock> TakeAsync(CancellationToken cancellation)
    {
        StoredBlock? taken = null;
        await WaitAsync(() => (taken = Dequeue()) is not null, cancellation);
        try
        {
            taken!.Content ??= await store.LoadAsync(taken.Id, cancellation);
        }
        catch
        {
            Return([taken!]);
            throw;
        }

        return taken;
    }

    /// <summary>A learner has used these.</summary>
    public async Task AcknowledgeAsync(IReadOnlyCollection<StoredBlock> blocks, CancellationToken cancellation)
    {
        await store.RemoveAsync([.. blocks.Select(block => block.Id)], cancellation);
        lock (_gate)
        {
            _unacknowledged -= blocks.Count;
        }

        Interlocked.Add(ref _bytes, -blocks.Sum(block => (long)block.Bytes));
    }

    /// <summary>A learner went away without using these: they are the oldest again.</summary>
    public void Return(IEnumerable<StoredBlock> blocks)
    {
        lock (_gate)
        {
            foreach (var block in blocks.OrderByDescending(block => block.Id))
            {
                var node = _waiting.First;
                while (node is not null && node.Value.Id < block.Id)
                {
                    node = node.Next;
                }

                if (node is null)
                {
                    _waiting.AddLast(block);
                }
                else
                {
                    _waiting.AddBefore(node, block);
                }

                _waitingSteps += block.Steps;
                _unacknowledged--;
                _sampled--;
            }

            Signal();
        }
    }

    public TableInfo Info()
    {
        lock (_gate)
        {
            return new TableInfo
            {
                Definition = definition,
                Incarnation = incarnation,
                Blocks = (ulong)_waiting.Count,
                Steps = (ulong)_waitingSteps,
                Bytes = (ulong)Bytes,
                AppendedBlocks = _appended,
                SampledBlocks = _sampled,
                DuplicateBlocks = _duplicates,
                RejectedBlocks = _rejected,
                UnacknowledgedBlocks = (ulong)_unacknowledged,
            };
        }
    }

    public async Task DropAsync(CancellationToken cancellation)
    {
        await _dropped.CancelAsync();
        await store.DropAsync(cancellation);
    }

    public void Dispose()
    {
        _appending.Dispose();
        _dropped.Dispose();
    }

    private AppendOutcome Reject(string problem)
    {
        _rejected++;
        return new AppendOutcome(IsDuplicate: false, problem);
    }

    private void Enqueue(StoredBlock block)
    {
        Interlocked.Add(ref _bytes, block.Bytes);
        lock (_gate)
        {
            _waiting.AddLast(block);
            _waitingSteps += block.Steps;
            Signal();
        }
    }

    /// <summary>Called under the lock.</summary>
    private StoredBlock? Dequeue()
    {
        if (_waiting.First is not { Value: var block })
        {
            return null;
        }

        _waiting.RemoveFirst();
        _waitingSteps -= block.Steps;
        _unacknowledged++;
        _sampled++;
        Signal();
        return block;
    }

    /// <summary>Called under the lock: wakes everybody who waits for a change.</summary>
    private void Signal()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private async Task WaitAsync(Func<bool> condition, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, Dropped);
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (condition())
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(either.Token);
        }
    }

    /// <summary>Remembers the newest sequence of a producer; the producers that came first are forgotten when there are too many.</summary>
    private void Remember(string producer, ulong sequence)
    {
        if (!_producers.ContainsKey(producer))
        {
            _producerOrder.Enqueue(producer);
            if (_producers.Count >= MaximumProducers)
            {
                _producers.Remove(_producerOrder.Dequeue());
            }
        }

        _producers[producer] = sequence;
    }
}
