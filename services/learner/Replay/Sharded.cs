using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>How the answers that are wanted are asked of shards.</summary>
public enum Spread
{
    /// <summary>In equal parts, since an answer is then taken from its table: none is taken before its time.</summary>
    Equally,

    /// <summary>In turns that are proportional to what each holds when it is asked.</summary>
    InProportion,

    /// <summary>
    /// All of each, far ahead; they are read in turns that are proportional to what each holds by then, so that every item is as likely as
    /// if there were one table. (Importance weights then need nothing from the other shards: held/total * probability within the shard,
    /// times total, is what the shard itself computes.) A shard that has no answer ready loses its turn.
    /// </summary>
    Everywhere,
}

/// <summary>
/// A table that is spread over several replay services. Blocks are kept where their slot's blocks go. What was asked of services that are
/// away, or silent while others wait, is asked of the others.
/// </summary>
/// <typeparam name="T">What answers are decoded to.</typeparam>
public sealed class Sharded<T> : ITable<T>
    where T : Received
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2), Absence = TimeSpan.FromSeconds(30);

    private readonly TableClient<T>[] _shards;
    private readonly Spread _spread;
    private readonly TimeSpan _silence;
    private readonly long[] _leftOutUntil; // milliseconds since the machine started, which nobody can set back
    private readonly Turns _asking, _reading;
    private long _wanted;

    /// <param name="shards">A client for each replay service, in the order that actors know; owned.</param>
    /// <param name="spread">How answers are asked of them.</param>
    public Sharded(IReadOnlyList<TableClient<T>> shards, Spread spread)
    {
        ArgumentNullException.ThrowIfNull(shards);
        (_shards, _spread, _leftOutUntil) = ([.. shards], spread, new long[shards.Count]);
        (_asking, _reading) = (new Turns(shards.Count), new Turns(shards.Count));
        _silence = spread switch
        {
            Spread.Equally => TimeSpan.FromSeconds(1),
            Spread.InProportion => Patience,
            _ => Timeout.InfiniteTimeSpan,
        };
    }

    /// <inheritdoc/>
    public long InvalidAnswers => _shards.Sum(shard => shard.InvalidAnswers);

    /// <inheritdoc/>
    public bool IsWarm => Usable.Length > 0;

    /// <inheritdoc/>
    public ulong InsertedSteps => _shards.Aggregate(0ul, (sum, shard) => sum + shard.InsertedSteps);

    /// <inheritdoc/>
    public ulong HeldSteps => _shards.Aggregate(0ul, (sum, shard) => sum + shard.HeldSteps);

    private int[] Usable =>
        [.. Enumerable.Range(0, _shards.Length).Where(shard => _shards[shard] is { IsWarm: true, IsAway: false } && !IsLeftOut(shard))];

    /// <inheritdoc/>
    public async Task<ulong> CreateAsync(CancellationToken cancellation)
    {
        await Shards.ReachAsync(
            _shards.Select<TableClient<T>, Func<CancellationToken, Task>>(shard => shard.CreateAsync), cancellation);
        return InsertedSteps;
    }

    /// <inheritdoc/>
    public async Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation)
    {
        foreach (var part in blocks.GroupBy(block => (int)(block.Slot % _shards.Length)))
        {
            var shard = _shards[part.Key];
            if (shard.IsAway && IsLeftOut(part.Key))
            {
                continue;
            }

            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(Patience);
            try
            {
                await shard.AppendAsync(part, patience.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                LeaveOut(part.Key);
            }
        }
    }

    /// <inheritdoc/>
    public async Task RequestAsync(long answers, CancellationToken cancellation)
    {
        _wanted = answers;
        await Task.WhenAll(_shards.Select(shard => shard.AskAsync(0, cancellation)));
        await AskForMissingAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask<T?> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var changed = Task.WhenAny(_shards.Select(shard => shard.Look().Change));
            if (_reading.Next(ReadingWeight) is >= 0 and var shard)
            {
                _wanted--;
                return _shards[shard].TryRead();
            }

            await AskForMissingAsync(cancellation);
            if (_spread == Spread.InProportion && Usable.Length == 0)
            {
                return null;
            }

            try
            {
                await changed.WaitAsync(_silence, cancellation);
            }
            catch (TimeoutException)
            {
                await EndSilenceAsync(cancellation);
            }
        }
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(IEnumerable<T> answers, CancellationToken cancellation)
    {
        foreach (var part in answers.GroupBy(answer => answer.Shard))
        {
            await _shards[part.Key].ReleaseAsync(part, cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TResult>> ExportAsync<TResult>(
        Func<IAsyncEnumerable<SampledItem>, Task<TResult>> read, CancellationToken cancellation) =>
        [.. (await Task.WhenAll(_shards.Select(shard => shard.ExportAsync(read, cancellation)))).SelectMany(result => result)];

    /// <inheritdoc/>
    public Task ClearAsync(CancellationToken cancellation) => Task.WhenAll(_shards.Select(shard => shard.ClearAsync(cancellation)));

    /// <inheritdoc/>
    public Task DropAsync(CancellationToken cancellation) => Task.WhenAll(_shards.Select(shard => shard.DropAsync(cancellation)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var shard in _shards)
        {
            await shard.DisposeAsync();
        }
    }

    private bool IsLeftOut(int shard) => Environment.TickCount64 < _leftOutUntil[shard];

    private void LeaveOut(int shard) => _leftOutUntil[shard] = Environment.TickCount64 + (long)Absence.TotalMilliseconds;

    /// <summary>What a shard holds; one that gives anything is never passed over.</summary>
    private double Holding(int shard) => Math.Max(1, _shards[shard].HeldSteps);

    /// <summary>0 of a shard that has no answer ready.</summary>
    private double ReadingWeight(int shard) =>
        _shards[shard].Look().Ready == 0 ? 0 : _spread == Spread.Everywhere ? Holding(shard) : 1;

    /// <summary>Asks shards that can be reached for what is wanted and neither here nor asked of them.</summary>
    private async Task AskForMissingAsync(CancellationToken cancellation)
    {
        var answers = _shards.Select(shard => shard.Look()).ToArray();
        var parts = answers.Select(shard => _spread == Spread.Everywhere ? _wanted - shard.Ready - shard.Wanted : 0).ToArray();
        if (_spread != Spread.Everywhere)
        {
            var usable = Usable is { Length: 0 } && _spread == Spread.Equally ? [.. Enumerable.Range(0, _shards.Length)] : Usable;
            var missing = _wanted - answers.Sum(shard => shard.Ready) - usable.Sum(shard => answers[shard].Wanted);
            for (; missing > 0 && usable.Length > 0; missing--)
            {
                parts[_spread == Spread.Equally
                    ? usable.MinBy(shard => answers[shard].Wanted + parts[shard])
                    : _asking.Next(shard => usable.Contains(shard) ? Holding(shard) : 0)]++;
            }
        }

        for (var shard = 0; shard < _shards.Length; shard++)
        {
            if (parts[shard] > 0)
            {
                await _shards[shard].AskAsync(parts[shard], cancellation);
            }
        }
    }

    /// <summary>
    /// Nothing has come for a while. A queue may be empty: those that have given all that they were asked for are asked for more. Whoever
    /// draws answers at once, or is away.
    /// </summary>
    private async Task EndSilenceAsync(CancellationToken cancellation)
    {
        for (var shard = 0; shard < _shards.Length; shard++)
        {
            var isIdle = _shards[shard].Look().Wanted == 0;
            if (_spread == Spread.Equally && isIdle)
            {
                await _shards[shard].AskAsync(_wanted, cancellation);
            }
            else if (_spread == Spread.InProportion && !isIdle)
            {
                LeaveOut(shard);
            }
        }
    }
}
