using Rapid.Hosting;

namespace Rapid.Learner.Experiments;

/// <summary>The queue of a learner without Redis: it is in memory, and made again from the folder of runs. Who may train a run is a lock of
/// its folder.</summary>
/// <param name="order">Whose turn it is.</param>
public sealed class LocalQueue(RunOrder order) : IRunQueue
{
    private readonly Lock _gate = new();
    private readonly ChangeSignal _changes = new();
    private readonly List<ExperimentRecord> _waiting = [];

    /// <inheritdoc/>
    public Task Changed
    {
        get
        {
            lock (_gate)
            {
                return _changes.Next;
            }
        }
    }

    /// <inheritdoc/>
    public void Add(ExperimentRecord record, IDisposable? held = null)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (held is not null)
        {
            record.TryOwn(held);
        }

        lock (_gate)
        {
            _waiting.Add(record);
            _changes.Raise();
        }
    }

    /// <inheritdoc/>
    public async Task PutBackAsync(ExperimentRecord record, TimeSpan pause, CancellationToken stopping)
    {
        await Task.Delay(pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Add(record);
    }

    /// <inheritdoc/>
    public Task<ExperimentRecord?> TryTakeAsync(
        IReadOnlyCollection<ExperimentRecord> running, Func<string, ExperimentRecord?> find, CancellationToken stopping)
    {
        lock (_gate)
        {
            _waiting.RemoveAll(record => record.IsOver);
            if (order.Next(_waiting, running, elsewhere: []) is not { } next)
            {
                return Task.FromResult<ExperimentRecord?>(null);
            }

            _waiting.Remove(next);
            order.Begins(next);
            return Task.FromResult<ExperimentRecord?>(next);
        }
    }

    /// <inheritdoc/>
    public Task<IDisposable?> TryHoldAsync(ExperimentRecord record, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(record);
        return Task.FromResult<IDisposable?>(record.Directory.TryLock());
    }

    /// <inheritdoc/>
    public Task<bool> AskToCancelAsync(ExperimentRecord record, CancellationToken cancellation) => Task.FromResult(false);
}
