using Rapid.Hosting;

namespace Rapid.Replay.Tables;

/// <content>Who waits for whom.</content>
internal abstract partial class ReplayTable
{
    private TaskCompletionSource? _changed;

    /// <summary>How long blocks, or the producers of the next ones, waited for room.</summary>
    public WaitClock AppendWaits { get; } = new();

    /// <summary>How long draws waited for data.</summary>
    public WaitClock DrawWaits { get; } = new();

    /// <summary>Steps drawn for each step stored.</summary>
    public double SamplesPerInsert
    {
        get
        {
            lock (Gate)
            {
                return limiter.Inserted == 0 ? 0 : limiter.Sampled / limiter.Inserted;
            }
        }
    }

    /// <summary>Under the gate: wakes everybody who waits for a change.</summary>
    protected void Signal()
    {
        _changed?.SetResult();
        _changed = null;
    }

    /// <summary>Waits until a condition, which is asked under the gate, is true.</summary>
    /// <param name="condition">What is waited for.</param>
    /// <param name="waits">Counts the time.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="OperationCanceledException">Cancelled, or the table was dropped.</exception>
    protected async Task WaitAsync(Func<bool> condition, WaitClock waits, CancellationToken cancellation)
    {
        CancellationTokenSource? either = null;
        try
        {
            while (true)
            {
                Task changed;
                lock (Gate)
                {
                    if (condition())
                    {
                        return;
                    }

                    _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    changed = _changed.Task;
                }

                if (either is null)
                {
                    either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, Dropped);
                    waits.Begin();
                }

                await changed.WaitAsync(either.Token);
            }
        }
        finally
        {
            if (either is not null)
            {
                waits.End();
                either.Dispose();
            }
        }
    }

    /// <summary>In this service's memory.</summary>
    private CancellationToken TakeOver(ulong epoch)
    {
        CancellationTokenSource before;
        CancellationToken superseded;
        lock (Gate)
        {
            RefuseEarlier(epoch);
            if (epoch == 0)
            {
                return CancellationToken.None;
            }

            if (epoch == definition.Epoch)
            {
                return _superseded.Token;
            }

            definition.Epoch = epoch;
            (before, _superseded) = (_superseded, new CancellationTokenSource());
            superseded = _superseded.Token;
        }

        before.Cancel();
        before.Dispose();
        return superseded;
    }
}
