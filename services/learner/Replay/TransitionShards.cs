using System.Runtime.ExceptionServices;
using Grpc.Core;
using Rapid.Agents.OffPolicy;
using Rapid.Core;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>
/// Draws batches from a table of transitions that is spread over several replay services: each batch from one of them, in turns that are
/// proportional to what they hold, so that every transition is as likely as if there were one table. (Importance weights then need nothing
/// from the other shards: held/total * probability within the shard, times total, is what the shard itself computes.)
/// </summary>
/// <remarks>
/// Evenly spread <see cref="Turns"/> keep each shard's samples close to its part at every moment; its rate limiter sees an even flow. A
/// shard that has no batch ready, because it is away or waits for actors, loses its turn rather than holding the learner up.
/// </remarks>
public sealed class TransitionShards : ITransitionSource
{
    private readonly TransitionTable[] _shards;
    private readonly Task<bool>?[] _arrivals;
    private readonly Turns _turns;
    private readonly Func<int, double> _weight;
    private readonly long[] _inserted;
    private readonly ulong[] _held;

    /// <param name="shards">A table for each replay service, in the order that actors know; owned.</param>
    public TransitionShards(IReadOnlyList<TransitionTable> shards)
    {
        ArgumentNullException.ThrowIfNull(shards);
        _shards = [.. shards];
        _arrivals = new Task<bool>?[shards.Count];
        (_turns, _weight) = (new Turns(shards.Count), Weight);
        (_inserted, _held) = (new long[shards.Count], new ulong[shards.Count]);
    }

    /// <inheritdoc/>
    public long InvalidBatches => _shards.Sum(shard => shard.InvalidBatches);

    /// <inheritdoc/>
    public Task CreateTableAsync(CancellationToken cancellation) => CountStepsAsync(cancellation);

    /// <inheritdoc/>
    public async Task<long> CountStepsAsync(CancellationToken cancellation)
    {
        await Shards.ReachAsync(
            Enumerable.Range(0, _shards.Length).Select<int, Func<CancellationToken, Task>>(
                shard => async token => _inserted[shard] = await _shards[shard].CountStepsAsync(token)),
            cancellation);
        return _inserted.Sum();
    }

    /// <inheritdoc/>
    public async Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation)
    {
        foreach (var part in blocks.GroupBy(block => block.Slot % _shards.Length))
        {
            await _shards[part.Key].AppendAsync(part, cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task<RunningMeanVariance> MeasureObservationsAsync(int size, CancellationToken cancellation)
    {
        var all = new RunningMeanVariance(size);
        all.Import(new double[size], new double[size], 0);
        foreach (var part in await Task.WhenAll(_shards.Select(shard => shard.MeasureObservationsAsync(size, cancellation))))
        {
            all.Merge(part.Mean, part.Variance, part.Count);
        }

        return all;
    }

    /// <inheritdoc/>
    public void Start(Func<TransitionBatch> makeBuffer, int buffers, ObservationNormalizer? normalizer)
    {
        foreach (var shard in _shards)
        {
            shard.Start(makeBuffer, buffers, normalizer);
        }
    }

    /// <inheritdoc/>
    public Task RequestAsync(long batches, CancellationToken cancellation) =>
        // Any of them may have to give all; what is on its way at the end of the run is bounded by the buffers.
        Task.WhenAll(_shards.Select(shard => shard.RequestAsync(batches, cancellation)));

    /// <inheritdoc/>
    public async ValueTask<ReceivedBatch> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (TryRead(out var batch))
            {
                (_inserted[batch.Shard], _held[batch.Shard]) = ((long)batch.InsertedSteps, batch.HeldSteps);
                return batch with { InsertedSteps = (ulong)_inserted.Sum(), HeldSteps = _held.Aggregate((sum, held) => sum + held) };
            }

            for (var shard = 0; shard < _shards.Length; shard++)
            {
                _arrivals[shard] ??= _shards[shard].Ready.WaitToReadAsync(CancellationToken.None).AsTask();
            }

            var arrived = await Task.WhenAny(_arrivals!).WaitAsync(cancellation);
            _arrivals[Array.IndexOf(_arrivals, arrived)] = null;
        }
    }

    /// <inheritdoc/>
    public Task ReturnAsync(ReceivedBatch batch, float[] priorities, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return _shards[batch.Shard].ReturnAsync(batch, priorities, cancellation);
    }

    /// <inheritdoc/>
    public Task ClearTableAsync(CancellationToken cancellation) =>
        Task.WhenAll(_shards.Select(shard => shard.ClearTableAsync(cancellation)));

    /// <inheritdoc/>
    public Task DropTableAsync(CancellationToken cancellation) => Task.WhenAll(_shards.Select(shard => shard.DropTableAsync(cancellation)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var shard in _shards)
        {
            await shard.DisposeAsync();
        }
    }

    /// <summary>Takes a batch from the shard, of those that have one, whose turn it is.</summary>
    private bool TryRead(out ReceivedBatch batch)
    {
        batch = null!;
        return _turns.Next(_weight) is >= 0 and var shard && _shards[shard].Ready.TryRead(out batch!);
    }

    /// <summary>Steps held, of a shard that has a batch ready; 0 of others.</summary>
    /// <exception cref="RpcException">The shard refuses what it is asked.</exception>
    private double Weight(int shard)
    {
        if (_shards[shard].Ready.Completion.Exception is { InnerException: { } failure })
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return _shards[shard].Ready.TryPeek(out var next) ? next.HeldSteps : 0;
    }
}
