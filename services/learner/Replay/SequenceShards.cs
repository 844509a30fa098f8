using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>
/// Sequences in a table that is spread over several replay services. A block is kept where its actor's blocks go; batches are drawn from
/// each service in turns that are proportional to what it holds. A service that does not answer for a while is left out for a while: what
/// was to be kept there is learned from once and not replayed.
/// </summary>
public sealed class SequenceShards : ISequenceSource
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2), Absence = TimeSpan.FromSeconds(30);

    private readonly SequenceReplay[] _shards;
    // Milliseconds since the machine started, which nobody can set back.
    private readonly long[] _awayUntil;
    private readonly Turns _turns;
    private readonly Queue<int> _planned = new();

    /// <param name="shards">A table for each replay service, in the order that actors know; owned.</param>
    public SequenceShards(IReadOnlyList<SequenceReplay> shards)
    {
        ArgumentNullException.ThrowIfNull(shards);
        _shards = [.. shards];
        _awayUntil = new long[shards.Count];
        _turns = new Turns(shards.Count);
    }

    /// <inheritdoc/>
    public bool IsWarm => Enumerable.Range(0, _shards.Length).Any(IsUsable);

    /// <inheritdoc/>
    public Task CreateTableAsync(CancellationToken cancellation) =>
        Shards.ReachAsync(_shards.Select<SequenceReplay, Func<CancellationToken, Task>>(shard => shard.CreateTableAsync), cancellation);

    /// <inheritdoc/>
    public async Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation)
    {
        foreach (var part in blocks.GroupBy(block => (int)(block.Slot % _shards.Length)))
        {
            await TryAsync(
                part.Key,
                async token =>
                {
                    await _shards[part.Key].AppendAsync(part, token);
                    return true;
                },
                cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task RequestAsync(int batches, CancellationToken cancellation)
    {
        var parts = new int[_shards.Length];
        while (batches-- > 0 && _turns.Next(Weight) is >= 0 and var shard)
        {
            _planned.Enqueue(shard);
            parts[shard]++;
        }

        for (var shard = 0; shard < _shards.Length; shard++)
        {
            if (parts[shard] > 0)
            {
                await AskAsync(shard, parts[shard], cancellation);
            }
        }
    }

    /// <inheritdoc/>
    public async Task<Trajectory?> ReadAsync(CancellationToken cancellation)
    {
        while (_planned.TryDequeue(out var shard))
        {
            if (IsUsable(shard) && await TryAsync(shard, token => _shards[shard].ReadAsync(token), cancellation) is { } batch)
            {
                return batch;
            }

            // Another one takes over, if there is one.
            if (_turns.Next(Weight) is >= 0 and var other)
            {
                _planned.Enqueue(other);
                await AskAsync(other, 1, cancellation);
            }
        }

        return null;
    }

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

    private bool IsUsable(int shard) => _shards[shard].IsWarm && Environment.TickCount64 >= _awayUntil[shard];

    private double Weight(int shard) => IsUsable(shard) ? _shards[shard].HeldSteps : 0;

    private Task<bool> AskAsync(int shard, int batches, CancellationToken cancellation) => TryAsync(
        shard,
        async token =>
        {
            await _shards[shard].RequestAsync(batches, token);
            return true;
        },
        cancellation);

    /// <summary>Does something with a shard; the default when it takes too long, and the shard then counts as away.</summary>
    private async Task<T?> TryAsync<T>(int shard, Func<CancellationToken, Task<T>> what, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Patience);
        try
        {
            return await what(limited.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            _awayUntil[shard] = Environment.TickCount64 + (long)Absence.TotalMilliseconds;
            _shards[shard].Forget();
            return default;
        }
    }
}
