using System.Diagnostics;
using Rapid.Learner.Replay;
using Rapid.Learner.Runs;

namespace Rapid.Learner.Training;

/// <summary>Transitions from files: no warm-up and no actors. All of them are there before the first update, and another task fills the table
/// again when it is lost.</summary>
internal sealed class OfflinePace(TrainingRun run, OfflineData data) : TransitionPace(run, warmUp: 0)
{
    private readonly CancellationTokenSource _ended = new();
    private Task _filling = Task.CompletedTask;

    /// <inheritdoc/>
    public override async Task BeginAsync(CancellationToken cancellation)
    {
        if (IsOver)
        {
            return;
        }

        await data.CheckAsync(cancellation);
        await data.FillAsync(Table, cancellation);
        _filling = data.KeepFilledAsync(Table, _ended.Token);
        await FinishWarmUpAsync(cancellation);
    }

    /// <inheritdoc/>
    public override async Task<Activity?> LearnAsync(CancellationToken cancellation)
    {
        await UpdateToAsync(Math.Min(LastUpdate, Run.Updates + Algorithm.PublishInterval), cancellation);
        return null;
    }

    /// <inheritdoc/>
    protected override async Task<ReceivedBatch> ReadBatchAsync(CancellationToken cancellation)
    {
        var arrival = base.ReadBatchAsync(cancellation);
        if (!arrival.IsCompleted && await Task.WhenAny(arrival, _filling) == _filling)
        {
            // It ends by itself only when the files are no longer what they were.
            await _filling;
        }

        return await arrival;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _filling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Dispose();
        await base.DisposeAsync();
    }
}
