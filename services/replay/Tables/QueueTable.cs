using Grpc.Core;
using Rapid.Protocol.V1;
using Rapid.Replay.Limits;
using Rapid.Replay.Sampling;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <summary>
/// First in, first out, each block delivered once: it leaves when a learner acknowledges it. Room is made when a learner takes a block, not
/// when it acknowledges it, so that actors collect while the learner learns.
/// </summary>
internal sealed class QueueTable(TableDefinition definition, string incarnation, ITableStore store, MemoryBudget memory)
    : ReplayTable(definition, incarnation, store, memory, new QueueCapacity(definition.CapacitySteps))
{
    private readonly LinkedList<StoredBlock> _waiting = new();
    private long _bytes, _inMemory, _newestVersion;
    private ulong _sampled;
    private int _unacknowledged;

    public override Task RestoreAsync(RecoveredTable recovered, CancellationToken cancellation)
    {
        lock (Gate)
        {
            foreach (var (id, steps, bytes) in recovered.Blocks)
            {
                Enqueue(new StoredBlock(id, steps, bytes, null));
                _bytes += bytes;
            }

            Limiter.Restore(recovered.InsertedSteps, recovered.InsertedSteps - recovered.Blocks.Sum(block => (long)block.Steps));
            Restore(recovered.Signature, recovered.NextId, recovered.Producers);
        }

        return Task.CompletedTask;
    }

    public override SampleSession Open(SampleRequest request) => request switch
    {
        { BatchSize: not 0 } => throw new RpcException(new Status(
            StatusCode.InvalidArgument,
            $"batch_size: {request.BatchSize} is not allowed: table '{Definition.Name}' is a queue, which gives whole blocks; leave it "
                + "out")),
        _ => new QueueSession(this),
    };

    /// <summary>Takes the oldest block, waiting for one. Its content is there.</summary>
    public async Task<StoredBlock> TakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            StoredBlock? taken = null;
            await WaitAsync(() => (taken = Dequeue()) is not null, DrawWaits, cancellation);
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

    /// <summary>
    /// A learner has used these. They are gone once the store has forgotten them, which goes on when the learner's call has ended.
    /// </summary>
    public Task AcknowledgeAsync(IReadOnlyCollection<StoredBlock> blocks, CancellationToken cancellation) =>
        RemoveAsync(blocks).WaitAsync(cancellation);

    /// <summary>A learner went away without using these: they are the oldest again.</summary>
    public void Return(IEnumerable<StoredBlock> blocks)
    {
        lock (Gate)
        {
            foreach (var block in blocks.OrderByDescending(block => block.Id))
            {
                Enqueue(block);
                Limiter.Sample(-block.Steps);
                _unacknowledged--;
                _sampled--;
            }
        }
    }

    protected override AppendOutcome Reserve(Trajectory block, int bytes)
    {
        if (!Memory.TryTake(bytes))
        {
            return RejectForMemory($"a block of {bytes} bytes");
        }

        _inMemory += bytes;
        return default;
    }

    protected override void CancelReservation(Trajectory block, int bytes) => Release(bytes);

    protected override void Add(ulong id, Trajectory block, int bytes)
    {
        Enqueue(new StoredBlock(id, (long)block.Steps * block.Environments, bytes, block));
        _bytes += bytes;
        _newestVersion = Math.Max(_newestVersion, block.PolicyVersion);
    }

    protected override void Describe(TableInfo info)
    {
        info.Blocks = (ulong)_waiting.Count;
        info.Steps = (ulong)(Limiter.Inserted - Limiter.Sampled);
        info.Bytes = (ulong)_bytes;
        info.SampledBlocks = _sampled;
        info.UnacknowledgedBlocks = (ulong)_unacknowledged;
        info.InsertedSteps = (ulong)Limiter.Inserted;
        info.SampledItems = _sampled;
        info.NewestPolicyVersion = _newestVersion;
        info.OldestPolicyVersion = _waiting.First?.Value.Content?.PolicyVersion ?? 0;
    }

    protected override void Free()
    {
        Memory.Release(_inMemory);
        _inMemory = 0;
    }

    private async Task RemoveAsync(IReadOnlyCollection<StoredBlock> blocks)
    {
        await Store.RemoveAsync([.. blocks.Select(block => block.Id)], Dropped);
        lock (Gate)
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
        var content = await Store.LoadAsync(block.Id, cancellation);
        if (content is null)
        {
            await Store.ReportLossAsync(block.Id, cancellation);
        }

        lock (Gate)
        {
            if (content is null)
            {
                Forget(block);
                _sampled--;
                return false;
            }

            block.Content = content;
            if (!IsDropped)
            {
                Memory.Take(block.Bytes);
                _inMemory += block.Bytes;
            }

            return true;
        }
    }

    /// <summary>Under the gate: a delivered block is no more.</summary>
    private void Forget(StoredBlock block)
    {
        _unacknowledged--;
        _bytes -= block.Bytes;
        if (block.Content is not null)
        {
            Release(block.Bytes);
        }
    }

    /// <summary>Under the gate. A dropped table has freed all of its memory already.</summary>
    private void Release(int bytes)
    {
        if (!IsDropped)
        {
            Memory.Release(bytes);
            _inMemory -= bytes;
        }
    }

    /// <summary>Under the gate: puts a block where its id says. New ones belong near the end, returned ones near the front.</summary>
    private void Enqueue(StoredBlock block)
    {
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

    /// <summary>Under the gate.</summary>
    private StoredBlock? Dequeue()
    {
        if (!Limiter.CanSample(1))
        {
            return null;
        }

        var block = _waiting.First!.Value;
        _waiting.RemoveFirst();
        Limiter.Sample(block.Steps);
        _unacknowledged++;
        _sampled++;
        Signal();
        return block;
    }
}
