using Rapid.Protocol.Specs;

namespace Rapid.Learner.Replay;

/// <summary>
/// The shards that a life of a run uses. When they become others, this life ends with a checkpoint, and the next begins at once on those:
/// its tables are found again on shards that stay, with other limits, and made on new ones. What only a shard that left has is lost to the
/// run.
/// </summary>
/// <remarks>
/// Everything that a life does with its shards (calls under way, turns, acknowledgements) would otherwise have to be able to change under
/// it. A life's end and beginning have to work anyway, and take about a second.
/// </remarks>
internal sealed class RunShards : IAsyncDisposable
{
    private readonly CancellationTokenSource _moved = new(), _ended = new();
    private readonly Task _watching;

    private RunShards(ShardDirectory directory, ExperimentOptions spec, IReadOnlyList<Shard> all, Task change)
    {
        All = all;
        _watching = Task.Run(() => WatchAsync(directory, spec, change));
    }

    /// <summary>They, in the order that actors know.</summary>
    public IReadOnlyList<Shard> All { get; }

    /// <summary>Cancelled when they have become others.</summary>
    public CancellationToken Moved => _moved.Token;

    /// <summary>Chooses among those that there are, waiting for the first.</summary>
    /// <param name="directory">Knows them.</param>
    /// <param name="spec">The run.</param>
    /// <param name="first">The first that it used before.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<RunShards> ChooseAsync(
        ShardDirectory directory, ExperimentOptions spec, string first, CancellationToken cancellation)
    {
        var (all, change) = await directory.FindAsync(cancellation);
        return new RunShards(directory, spec, Shards.ChooseFor(all, spec, first), change);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _moved.Dispose();
        _ended.Dispose();
    }

    private async Task WatchAsync(ShardDirectory directory, ExperimentOptions spec, Task change)
    {
        while (true)
        {
            await change.WaitAsync(_ended.Token);
            (var now, change) = await directory.FindAsync(_ended.Token);
            if (!Shards.ChooseFor(now, spec, All[0].Name).SequenceEqual(All))
            {
                await _moved.CancelAsync();
                return;
            }
        }
    }
}
