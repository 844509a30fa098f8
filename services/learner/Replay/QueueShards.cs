using System.Threading.Channels;

namespace Rapid.Learner.Replay;

/// <summary>
/// Takes blocks out of a queue table that is spread over several replay services. As many blocks are asked for as the caller wants, in
/// equal parts, so that none is taken before its time; the parts of services that are away, or silent while others wait, are asked of the
/// others.
/// </summary>
public sealed class QueueShards : IBlockSource
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    private readonly TrajectoryReader[] _shards;
    private readonly SemaphoreSlim[] _asked;
    private readonly int[] _outstanding; // asked of a shard and not received, under the gate
    private readonly Channel<ReceivedBlock> _received = Channel.CreateUnbounded<ReceivedBlock>();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _pumps;
    private readonly Lock _gate = new();
    private int _wanted;

    /// <param name="shards">A reader for each replay service, in the order that actors know; owned.</param>
    public QueueShards(IReadOnlyList<TrajectoryReader> shards)
    {
        ArgumentNullException.ThrowIfNull(shards);
        _shards = [.. shards];
        _asked = [.. shards.Select(_ => new SemaphoreSlim(0))];
        _outstanding = new int[shards.Count];
        foreach (var shard in shards)
        {
            shard.WentAway += AskForMissing;
        }

        _pumps = [.. Enumerable.Range(0, shards.Count).Select(shard => Task.Run(() => PumpAsync(shard)))];
    }

    /// <inheritdoc/>
    public long InvalidBlocks => _shards.Sum(shard => shard.InvalidBlocks);

    /// <inheritdoc/>
    public Task CreateTableAsync(CancellationToken cancellation) =>
        Shards.ReachAsync(_shards.Select<TrajectoryReader, Func<CancellationToken, Task>>(shard => shard.CreateTableAsync), cancellation);

    /// <inheritdoc/>
    public async Task<ReceivedBlock> ReadAsync(int wanted, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _wanted = wanted - _received.Reader.Count;
        }

        AskForMissing();
        while (true)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(Silence);
            try
            {
                return await _received.Reader.ReadAsync(patience.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                AskIdle(wanted);
            }
        }
    }

    /// <inheritdoc/>
    public async Task AcknowledgeAsync(IEnumerable<ReceivedBlock> blocks, CancellationToken cancellation)
    {
        foreach (var part in blocks.GroupBy(block => block.Shard))
        {
            await _shards[part.Key].AcknowledgeAsync(part, cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task DropTableAsync(CancellationToken cancellation)
    {
        // A reader that waits for a block would make the table anew when it finds it gone.
        await StopReadingAsync();
        await Task.WhenAll(_shards.Select(shard => shard.DropTableAsync(cancellation)));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopReadingAsync();
        foreach (var shard in _shards)
        {
            await shard.DisposeAsync();
        }

        Array.ForEach(_asked, asked => asked.Dispose());
        _stop.Dispose();
    }

    private async Task StopReadingAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_pumps);
    }

    private async Task PumpAsync(int shard)
    {
        try
        {
            while (true)
            {
                await _asked[shard].WaitAsync(_stop.Token);
                var block = await ReadAsync(shard);
                lock (_gate)
                {
                    _outstanding[shard]--;
                    _wanted--;
                    _received.Writer.TryWrite(block with { Shard = shard });
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
        catch (Exception error)
        {
            // Whoever reads the next block hears of it.
            _received.Writer.TryComplete(error);
        }
    }

    private async Task<ReceivedBlock> ReadAsync(int shard)
    {
        while (true)
        {
            try
            {
                return await _shards[shard].ReadAsync(1, _stop.Token);
            }
            catch (TableLostException)
            {
                // Outside of lockstep nobody waits for a certain block: its actors go on.
            }
        }
    }

    /// <summary>Asks the shards that can be reached for what is wanted beyond what was asked of them, if none can, all of them.</summary>
    private void AskForMissing()
    {
        lock (_gate)
        {
            int[] reachable = [.. Enumerable.Range(0, _shards.Length).Where(shard => !_shards[shard].IsAway)];
            if (reachable.Length == 0)
            {
                reachable = [.. Enumerable.Range(0, _shards.Length)];
            }

            for (var missing = _wanted - reachable.Sum(shard => _outstanding[shard]); missing > 0; missing--)
            {
                Ask(reachable.MinBy(shard => _outstanding[shard]), 1);
            }
        }
    }

    /// <summary>Asks the shards that have given all that they were asked for, because the others are silent.</summary>
    private void AskIdle(int wanted)
    {
        lock (_gate)
        {
            for (var shard = 0; shard < _shards.Length; shard++)
            {
                if (_outstanding[shard] == 0)
                {
                    Ask(shard, wanted);
                }
            }
        }
    }

    /// <summary>Under the gate.</summary>
    private void Ask(int shard, int blocks)
    {
        _outstanding[shard] += blocks;
        _asked[shard].Release(blocks);
    }
}
