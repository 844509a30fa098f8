using System.Diagnostics;
using Grpc.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay.Limits;
using Rapid.Replay.Sampling;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <summary>What became of an appended block: stored (OK) and how long that took, there already, or refused and why.</summary>
internal readonly record struct AppendOutcome(
    bool IsDuplicate, StatusCode Code = StatusCode.OK, string Message = "", TimeSpan? Storing = null);

/// <summary>
/// What all kinds of tables share: a block is stored once, whatever is retried, and its producer hears so when the table can take its next
/// one, which is the back-pressure.
/// </summary>
internal abstract partial class ReplayTable(
    TableDefinition definition, string incarnation, ITableStore store, MemoryBudget memory, Limiter limiter) : IDisposable
{
    private const int MaximumProducers = 100_000;

    private readonly ProducerLog _producers = new(MaximumProducers);
    private readonly Dictionary<string, Task> _storing = [];
    private readonly CancellationTokenSource _dropped = new();
    private List<string> _forgotten = [];
    private string? _signature;
    private CancellationTokenSource _superseded = new();
    private ulong _keptEpoch = definition.Epoch;
    private (ulong Capacity, ulong Minimum) _keptLimits = (definition.CapacitySteps, definition.MinimumSteps);
    private ulong _nextId = 1, _appended, _duplicates, _rejected;

    public TableDefinition Definition => definition;

    public string Incarnation => incarnation;

    /// <summary>Cancelled when the table is dropped.</summary>
    public CancellationToken Dropped => _dropped.Token;

    protected Lock Gate { get; } = new();

    protected ITableStore Store => store;

    protected MemoryBudget Memory => memory;

    protected Limiter Limiter => limiter;

    /// <summary>Under the gate: the memory that the table held is free already.</summary>
    protected bool IsDropped { get; private set; }

    /// <summary>Stores a block once, then waits until there is room for another.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or the table was dropped.</exception>
    public async Task<AppendOutcome> AppendAsync(Trajectory? block, CancellationToken cancellation)
    {
        if ((BlockValidator.Problem(block) ?? definition.Block?.Problem(block!) ?? ProblemOf(block!)) is { } problem)
        {
            return Reject(StatusCode.InvalidArgument, $"table '{definition.Name}': {problem}");
        }

        var (signature, bytes, steps) =
            (BlockValidator.SignatureOf(block!), block!.CalculateSize(), StepsOf(block));
        while (true)
        {
            Task? earlier;
            var isAdmitted = false;
            var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ulong id = 0;
            List<string> forgotten = [];
            IReadOnlyCollection<ulong> removed = [];
            lock (Gate)
            {
                if (!_storing.TryGetValue(block.Producer, out earlier))
                {
                    if (_producers.Has(block.Producer, block.Sequence))
                    {
                        _duplicates++;
                        break;
                    }

                    if (Refusal(signature) is { } refusal)
                    {
                        return refusal;
                    }

                    if (limiter.CanInsert(steps))
                    {
                        if (Reserve(block, bytes) is { Code: not StatusCode.OK } unfit)
                        {
                            return unfit;
                        }

                        limiter.Reserve(steps);
                        isAdmitted = true;
                        _signature = signature;
                        _storing.Add(block.Producer, stored.Task);
                        id = _nextId++;
                        (forgotten, _forgotten) = (_forgotten, forgotten);
                        removed = TakeEvicted();
                    }
                }
            }

            if (earlier is not null)
            {
                // A retry came while the first try is still being stored; afterwards it is a duplicate, or tries by itself.
                await earlier.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellation.ThrowIfCancellationRequested();
            }
            else if (!isAdmitted)
            {
                await WaitAsync(() => limiter.CanInsert(steps), AppendWaits, cancellation);
            }
            else
            {
                // What has begun to be stored is finished even when the producer goes away: it may be in the store already, and its retry
                // must know.
                var began = Stopwatch.GetTimestamp();
                _ = StoreAsync(id, block, bytes, signature, forgotten, removed, stored);
                await stored.Task.WaitAsync(cancellation);
                var storing = Stopwatch.GetElapsedTime(began);
                await WaitAsync(HasRoom, AppendWaits, cancellation);
                return new AppendOutcome(IsDuplicate: false, Storing: storing);
            }
        }

        await WaitAsync(HasRoom, AppendWaits, cancellation);
        return new AppendOutcome(IsDuplicate: true);
    }

    /// <summary>
    /// Lets the newest owner in, and whoever acts for none. One that is newer than all before takes the table over, which the store knows
    /// before the owner hears of it: no earlier one is let in again by another life of this service.
    /// </summary>
    /// <param name="epoch">Whose call it is; 0 for nobody's.</param>
    /// <param name="cancellation">Gives up; earlier owners are out all the same.</param>
    /// <returns>Cancelled when a later owner comes.</returns>
    /// <exception cref="RpcException">OUT_OF_RANGE: a later owner was here.</exception>
    public async Task<CancellationToken> AdmitAsync(ulong epoch, CancellationToken cancellation)
    {
        var superseded = TakeOver(epoch);
        if (epoch > Volatile.Read(ref _keptEpoch))
        {
            await store.SaveEpochAsync(epoch, cancellation);
            lock (Gate)
            {
                _keptEpoch = Math.Max(_keptEpoch, epoch);
                RefuseEarlier(epoch);
            }
        }

        return superseded;
    }

    /// <summary>Gives the table other limits; the caller's calls follow one another.</summary>
    /// <param name="limits">A definition of this table with the limits that it is to have.</param>
    /// <param name="cancellation">Gives up; the table has the limits all the same, the store may not know of it.</param>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: the table is as it was.</exception>
    public async Task LimitAsync(TableDefinition limits, CancellationToken cancellation)
    {
        var wanted = (limits.CapacitySteps, limits.MinimumSteps);
        TableDefinition changed;
        lock (Gate)
        {
            if (wanted == _keptLimits || IsDropped)
            {
                return;
            }

            Limit(limits);
            limiter.Limit(limits);
            (definition.CapacitySteps, definition.MinimumSteps) = wanted;
            changed = definition.Clone();
            Signal();
        }

        await store.SaveDefinitionAsync(changed, cancellation);
        _keptLimits = wanted;
    }

    /// <summary>Refuses who works for an owner that is not the newest any more. Who brings blocks makes nobody an owner.</summary>
    /// <param name="epoch">Whose call it is; 0 for nobody's.</param>
    /// <exception cref="RpcException">OUT_OF_RANGE: a later owner was here.</exception>
    public void RefuseEarlier(ulong epoch)
    {
        lock (Gate)
        {
            if (epoch != 0 && epoch < definition.Epoch)
            {
                throw Fence($"epoch {epoch} is out of range, allowed: >= {definition.Epoch}");
            }
        }
    }

    /// <summary>OUT_OF_RANGE for an owner that is not the newest any more.</summary>
    public RpcException Fence(string problem) => new(new Status(
        StatusCode.OutOfRange, $"table '{definition.Name}' has a later owner: {problem}; another learner has taken up the run"));

    /// <summary>Begins a learner's call.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT: the request does not fit this table.</exception>
    public abstract SampleSession Open(SampleRequest request);

    public TableInfo Info()
    {
        lock (Gate)
        {
            var info = new TableInfo
            {
                Definition = definition,
                Incarnation = incarnation,
                AppendedBlocks = _appended,
                DuplicateBlocks = _duplicates,
                RejectedBlocks = _rejected,
            };
            Describe(info);
            return info;
        }
    }

    public async Task DropAsync(CancellationToken cancellation)
    {
        Task[] storing;
        lock (Gate)
        {
            if (!IsDropped)
            {
                IsDropped = true;
                Free();
            }

            storing = [.. _storing.Values];
        }

        await _dropped.CancelAsync();

        // A write that came after the removal would leave its block behind.
        await Task.WhenAll(storing).WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await store.DropAsync(cancellation);
    }

    public void Dispose()
    {
        lock (Gate)
        {
            if (!IsDropped)
            {
                IsDropped = true;
                Free();
            }
        }

        _dropped.Cancel();
        _dropped.Dispose();
        _superseded.Dispose();
    }

    /// <summary>Under the gate: what all kinds of tables remember.</summary>
    protected (string? Signature, ulong NextId, IReadOnlyDictionary<string, ulong> Producers) Remembered() =>
        (_signature, _nextId, _producers.Newest);

    /// <summary>Takes up what the store still holds.</summary>
    /// <exception cref="InvalidOperationException">The service may not have the memory that the table needs, or its selector cannot be
    /// made.</exception>
    public abstract Task RestoreAsync(RecoveredTable recovered, CancellationToken cancellation);

    /// <summary>Takes up what all kinds of tables remember.</summary>
    protected void Restore(string? signature, ulong nextId, IEnumerable<KeyValuePair<string, ulong>> producers)
    {
        _signature = signature;
        _nextId = Math.Max(_nextId, nextId);
        foreach (var (producer, sequence) in producers)
        {
            Remember(producer, sequence);
        }
    }

    /// <summary>Why a block that is well-formed does not fit this kind of table, or null.</summary>
    protected virtual string? ProblemOf(Trajectory block) => null;

    /// <summary>Under the gate: takes what a new block needs until it is stored, or says why that cannot be.</summary>
    protected abstract AppendOutcome Reserve(Trajectory block, int bytes);

    /// <summary>Under the gate: gives back what was reserved; the block was not stored.</summary>
    protected abstract void CancelReservation(Trajectory block, int bytes);

    /// <summary>Under the gate: the store has a block that was reserved.</summary>
    protected abstract void Add(ulong id, Trajectory block, int bytes);

    /// <summary>Under the gate: blocks that the store can forget together with the next append.</summary>
    protected virtual IReadOnlyCollection<ulong> TakeEvicted() => [];

    /// <summary>Under the gate: what this kind of table has to say of itself.</summary>
    protected abstract void Describe(TableInfo info);

    /// <summary>Under the gate, before the table's definition has them: makes what follows from other limits true.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: nothing has changed.</exception>
    protected virtual void Limit(TableDefinition limits)
    {
    }

    /// <summary>Under the gate: gives back all memory; the table is no more.</summary>
    protected abstract void Free();

    protected AppendOutcome Reject(StatusCode code, string problem)
    {
        lock (Gate)
        {
            _rejected++;
        }

        return new AppendOutcome(IsDuplicate: false, code, problem);
    }

    /// <summary>Refuses what the service's memory cannot hold.</summary>
    protected AppendOutcome RejectForMemory(string what) => Reject(memory.TooMuch($"table '{definition.Name}': {what}"));

    protected AppendOutcome Reject(RpcException refused) => Reject(refused.StatusCode, refused.Status.Detail);

    private async Task StoreAsync(
        ulong id,
        Trajectory block,
        int bytes,
        string signature,
        List<string> forgotten,
        IReadOnlyCollection<ulong> removed,
        TaskCompletionSource stored)
    {
        try
        {
            await store.AppendAsync(id, block, signature, forgotten, removed, Dropped);
            lock (Gate)
            {
                _storing.Remove(block.Producer);
                Remember(block.Producer, block.Sequence);
                _appended++;
                if (!IsDropped)
                {
                    limiter.Insert(StepsOf(block));
                    Add(id, block, bytes);
                }
            }

            stored.SetResult();
        }
        catch (Exception error)
        {
            lock (Gate)
            {
                _storing.Remove(block.Producer);
                if (!IsDropped)
                {
                    limiter.Cancel(StepsOf(block));
                    CancelReservation(block, bytes);
                }
            }

            stored.SetException(error);
        }
    }

    /// <summary>Under the gate: why no block of these columns can be stored, or null.</summary>
    private AppendOutcome? Refusal(string signature)
    {
        if (IsDropped)
        {
            return Reject(StatusCode.NotFound, $"table '{definition.Name}' was dropped");
        }

        return _signature is not null && _signature != signature
            ? Reject(StatusCode.InvalidArgument, $"the block's columns are {signature} where table '{definition.Name}' holds {_signature}")
            : null;
    }

    private bool HasRoom() => limiter.HasRoom;

    private static long StepsOf(Trajectory block) => (long)block.Steps * block.Environments;

    private void Remember(string producer, ulong sequence)
    {
        if (_producers.Remember(producer, sequence) is { } forgotten)
        {
            _forgotten.Add(forgotten);
        }
    }
}
