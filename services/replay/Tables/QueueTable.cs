using Grpc.Core;
using Rapid.Protocol.V1;
using Rapid.Replay.Stores;

namespace Rapid.Replay.Tables;

/// <summary>What became of an appended block: stored (OK), there already, or refused and why.</summary>
internal readonly record struct AppendOutcome(bool IsDuplicate, StatusCode Code = StatusCode.OK, string Message = "");

/// <summary>
/// First in, first out, each block delivered once. A block is stored as soon as it comes; its producer hears so when the table has room for
/// its next one, which is the back-pressure: beyond its capacity a table holds at most one block of each producer that is waiting. Room
/// is made when a learner takes a block, not when it acknowledges it, so that actors collect while the learner learns.
/// </summary>
internal sealed class QueueTable(TableDefinition definition, string incarnation, ITableStore store, MemoryBudget memory) : IDisposable
{
    private const int MaximumProducers = 100_000;

    private readonly Lock _gate = new();
    private readonly LinkedList<StoredBlock> _waiting = new();
    private readonly ProducerLog _producers = new(MaximumProducers);
    private readonly Dictionary<string, Task> _storing = [];
    private readonly CancellationTokenSource _dropped = new();
    private List<string> _forgotten = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _nextId = 1;
    private long _waitingSteps, _bytes, _inMemory;
    private string? _signature;
    private ulong _appended, _sampled, _duplicates, _rejected;
    private int _unacknowledged;
    private bool _isDropped;

    public TableDefinition Definition => definition;

    /// <summary>Cancelled when the table is dropped.</summary>
    public CancellationToken Dropped => _dropped.Token;

    /// <summary>Takes up what the store still holds.</summary>
    public void Restore(RecoveredTable recovered)
    {
        lock (_gate)
        {
            _signature = recovered.Signature;
            foreach (var (id, steps, bytes) in recovered.Blocks)
            {
                Enqueue(new StoredBlock(id, steps, bytes, null));
                _bytes += bytes;
                _nextId = Math.Max(_nextId, id + 1);
            }

            foreach (var (producer, sequence) in recovered.Producers)
            {
                Remember(producer, sequence);
            }
        }
    }

    /// <summary>Stores a block once, then waits until there is room for another.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or the table was dropped.</exception>
    public async Task<AppendOutcome> AppendAsync(Trajectory? block, CancellationToken cancellation)
    {
        if (BlockValidator.Problem(block) is { } problem)
        {
            return Reject(StatusCode.InvalidArgument, problem);
        }

        var (signature, bytes) = (BlockValidator.SignatureOf(block!), block!.CalculateSize());
        while (true)
        {
            Task? earlier;
            var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ulong id = 0;
            List<string> forgotten = [];
            lock (_gate)
            {
                if (!_storing.TryGetValue(block.Producer, out earlier))
                {
                    if (_producers.Has(block.Producer, block.Sequence))
                    {
                        _duplicates++;
                        break;
                    }

                    if (Refusal(signature, bytes) is { } refusal)
                    {
                        return refusal;
                    }

                    _signature = signature;
                    _storing.Add(block.Producer, stored.Task);
                    id = _nextId++;
                    (forgotten, _forgotten) = (_forgotten, forgotten);
                }
            }

            if (earlier is not null)
            {
                // A retry came while the first try is still being stored; afterwards it is a duplicate, or tries by itself.
                await earlier.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellation.ThrowIfCancellationRequested();
                continue;
            }

            // What has begun to be stored is finished even when the producer goes away: it may be in the store already, and its retry must know.
            _ = StoreAsync(new StoredBlock(id, (long)block.Steps * block.Environments, bytes, block), signature, forgotten, stored);
            await stored.Task.WaitAsync(cancellation);
            await WaitAsync(HasRoom, cancellation);
            return new AppendOutcome(IsDuplicate: false);
        }

        await WaitAsync(HasRoom, cancellation);
        return new AppendOutcome(IsDuplicate: true);
    }

    /// <summary>Takes the oldest block, waiting for one. Its content is there.</summary>
    public async Task<StoredBlock> TakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            StoredBlock? taken = null;
            await WaitAsync(() => (taken = Dequeue()) is not null, cancellation);
            try
            {
                if (taken!.Content is not null || await LoadAsync(taken, cancellation))
                {
                    return taken;
                }
            }
            catch
            {
                Return([taken!]);
                throw;
            }
        }
    }

    /// <summary>A learner has used these. They are gone once the store has forgotten them, which goes on when the learner's call has ended.</summary>
    public Task AcknowledgeAsync(IReadOnlyCollection<StoredBlock> blocks, CancellationToken cancellation) => RemoveAsync(blocks).WaitAsync(cancellation);

    /// <summary>A learner went away without using these: they are the oldest again.</summary>
    public void Return(IEnumerable<StoredBlock> blocks)
    {
        lock (_gate)
        {
            foreach (var block in blocks.OrderByDescending(block => block.Id))
            {
                Enqueue(block);
                _unacknowledged--;
                _sampled--;
            }
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
                Bytes = (ulong)_bytes,
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
        Task[] storing;
        lock (_gate)
        {
            _isDropped = true;
            memory.Release(_inMemory);
            _inMemory = 0;
            storing = [.. _storing.Values];
        }

        await _dropped.CancelAsync();

        // A write that came after the removal would leave its block behind.
        await Task.WhenAll(storing).WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await store.DropAsync(cancellation);
    }

    public void Dispose()
    {
        _dropped.Cancel();
        _dropped.Dispose();
    }

    private async Task StoreAsync(StoredBlock block, string signature, List<string> forgotten, TaskCompletionSource stored)
    {
        var content = block.Content!;
        try
        {
            await store.AppendAsync(block.Id, content, signature, forgotten, Dropped);
            lock (_gate)
            {
                _storing.Remove(content.Producer);
                Remember(content.Producer, content.Sequence);
                Enqueue(block);
                _bytes += block.Bytes;
                _appended++;
            }

            stored.SetResult();
        }
        catch (Exception error)
        {
            lock (_gate)
            {
                _storing.Remove(content.Producer);
                Free(block);
            }

            stored.SetException(error);
        }
    }

    private async Task RemoveAsync(IReadOnlyCollection<StoredBlock> blocks)
    {
        await store.RemoveAsync([.. blocks.Select(block => block.Id)], Dropped);
        lock (_gate)
        {
            foreach (var block in blocks)
            {
                Forget(block);
            }
        }
    }

    /// <summary>Fetches a block's content from the store; false when the store lost it and the block is no more.</summary>
    private async Task<bool> LoadAsync(StoredBlock block, CancellationToken cancellation)
    {
        var content = await store.LoadAsync(block.Id, cancellation);
        lock (_gate)
        {
            if (content is null)
            {
                Forget(block);
                _sampled--;
                return false;
            }

            block.Content = content;
            if (!_isDropped)
            {
                memory.Take(block.Bytes);
                _inMemory += block.Bytes;
            }

            return true;
        }
    }

    private AppendOutcome Reject(StatusCode code, string problem)
    {
        lock (_gate)
        {
            _rejected++;
        }

        return new AppendOutcome(IsDuplicate: false, code, problem);
    }

    /// <summary>Called under the lock: why a new block cannot be stored; when it can, its memory is taken.</summary>
    private AppendOutcome? Refusal(string signature, int bytes)
    {
        if (_isDropped)
        {
            return Reject(StatusCode.NotFound, $"table '{definition.Name}' was dropped");
        }

        if (_signature is not null && _signature != signature)
        {
            return Reject(StatusCode.InvalidArgument, $"the block's columns are {signature} where table '{definition.Name}' holds {_signature}");
        }

        if (!memory.TryTake(bytes))
        {
            return Reject(
                StatusCode.ResourceExhausted,
                $"a block of {bytes} bytes does not fit: the replay service holds {memory.Used} bytes and may hold {memory.Limit} (RAPID_REPLAY_MEMORY)");
        }

        _inMemory += bytes;
        return null;
    }

    /// <summary>Called under the lock: a delivered block is no more.</summary>
    private void Forget(StoredBlock block)
    {
        _unacknowledged--;
        _bytes -= block.Bytes;
        if (block.Content is not null)
        {
            Free(block);
        }
    }

    /// <summary>Called under the lock: the memory of a block's content. A dropped table has freed all of its memory already.</summary>
    private void Free(StoredBlock block)
    {
        if (!_isDropped)
        {
            memory.Release(block.Bytes);
            _inMemory -= block.Bytes;
        }
    }

    /// <summary>Called under the lock: puts a block where its id says. New ones belong near the end, returned ones near the front.</summary>
    private void Enqueue(StoredBlock block)
    {
        _waitingSteps += block.Steps;
        if (_waiting.Last is not { } last || last.Value.Id < block.Id)
        {
            _waiting.AddLast(block);
        }
        else
        {
            var next = _waiting.First!;
            while (next.Value.Id < block.Id)
            {
                next = next.Next!;
            }

            _waiting.AddBefore(next, block);
        }

        Signal();
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

    private void Remember(string producer, ulong sequence)
    {
        if (_producers.Remember(producer, sequence) is { } forgotten)
        {
            _forgotten.Add(forgotten);
        }
    }

    private bool HasRoom() => _waitingSteps < (long)definition.CapacitySteps;

    /// <summary>Called under the lock: wakes everybody who waits for a change.</summary>
    private void Signal()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private async Task WaitAsync(Func<bool> condition, CancellationToken cancellation)
    {
        CancellationTokenSource? either = null;
        try
        {
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

                either ??= CancellationTokenSource.CreateLinkedTokenSource(cancellation, Dropped);
                await changed.WaitAsync(either.Token);
            }
        }
        finally
        {
            either?.Dispose();
        }
    }
}
