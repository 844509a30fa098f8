using System.Threading.Channels;

namespace Rapid.Learner.Experiments.Queue;

/// <summary>The queue of a learner without Redis: it is in memory, and made again from the folder of runs. Who may train a run is a lock of
/// its folder.</summary>
internal sealed class LocalQueue : IRunQueue
{
    private readonly Channel<ExperimentRecord> _waiting = Channel.CreateUnbounded<ExperimentRecord>();

    /// <inheritdoc/>
    public void Add(ExperimentRecord record, IDisposable? held = null)
    {
        if (held is not null)
        {
            record.TryOwn(held);
        }

        _waiting.Writer.TryWrite(record);
    }

    /// <inheritdoc/>
    public async Task PutBackAsync(ExperimentRecord record, TimeSpan pause, CancellationToken stopping)
    {
        await Task.Delay(pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _waiting.Writer.TryWrite(record);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ExperimentRecord> TakeAllAsync(Func<string, ExperimentRecord?> find, CancellationToken stopping) =>
        _waiting.Reader.ReadAllAsync(stopping);

    /// <inheritdoc/>
    public Task<IDisposable?> TryHoldAsync(ExperimentRecord record, CancellationToken cancellation) =>
        Task.FromResult<IDisposable?>(record.Directory.TryLock());

    /// <inheritdoc/>
    public Task<bool> AskToCancelAsync(ExperimentRecord record, CancellationToken cancellation) => Task.FromResult(false);
}
