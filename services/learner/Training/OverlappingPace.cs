using System.Diagnostics;
using Rapid.Learner.Metrics;
using Rapid.Learner.Replay;

namespace Rapid.Learner.Training;

/// <summary>Transitions while actors go on: collection and learning overlap, and the table's rate limiter holds them together.</summary>
internal sealed class OverlappingPace(TrainingRun run) : TransitionPace(run, WarmUpOf(run))
{
    private static readonly TimeSpan WarmUpPoll = TimeSpan.FromMilliseconds(20);

    /// <inheritdoc/>
    public override bool IsPolicyDue => Run.Updates % Algorithm.PublishInterval == 0;

    /// <inheritdoc/>
    public override async Task BeginAsync(CancellationToken cancellation)
    {
        // From here on the table tells of episodes: those of the warm-up come with the first batch.
        await Table.RequestAsync(0, cancellation);
        var began = Run.Instruments.Begin(UpdateStage.Wait);
        while (IsWarmingUp)
        {
            Run.Step = Math.Min(WarmUp, (long)await Table.CreateAsync(cancellation));
            if (IsWarmingUp)
            {
                await Task.Delay(WarmUpPoll, cancellation);
            }
        }

        Run.Instruments.End(UpdateStage.Wait, began);
        await FinishWarmUpAsync(cancellation);
        Run.Publish(0);
        await Table.RequestAsync(LastUpdate - Run.Updates, cancellation);
    }

    /// <inheritdoc/>
    public override async Task<Activity?> LearnAsync(CancellationToken cancellation)
    {
        await UpdateAsync(cancellation);
        return null;
    }

    /// <inheritdoc/>
    protected override void OnUpdate(ReceivedBatch received) => Account(received.Episodes, received.BrokenEnvironments);
}
