using System.Diagnostics;
using Rapid.Learner.Metrics;
using Rapid.Learner.Replay;

namespace Rapid.Learner.Training;

/// <summary>Transitions in turn with actors: a block of each slot, in the order of slots, then the updates that these steps pay for, then the
/// next policy.</summary>
internal sealed class LockstepPace(TrainingRun run) : TransitionPace(run, WarmUpOf(run))
{
    // A batch is at hand or the table was lost.
    private static readonly TimeSpan LossPoll = TimeSpan.FromSeconds(1);

    private readonly BatchCollector _rounds =
        new(run.Context.Trajectories, run.Options.Actors.Count, lockstep: true, maxPolicyLag: 0, run.Context.Logger);

    private long _collected;

    /// <inheritdoc/>
    public override async Task BeginAsync(CancellationToken cancellation)
    {
        _collected = Run.Step;
        if (_collected >= WarmUp)
        {
            await FinishWarmUpAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public override async Task<Activity?> LearnAsync(CancellationToken cancellation)
    {
        var wasWarmingUp = _collected < WarmUp;
        _collected += await CollectRoundAsync(cancellation);
        Run.Step = Math.Max(Run.Step, Math.Min(_collected, WarmUp));
        if (wasWarmingUp && _collected >= WarmUp)
        {
            await FinishWarmUpAsync(cancellation);
        }

        await UpdateToAsync(Math.Min(LastUpdate, UpdatesAt(_collected)), cancellation);
        return null;
    }

    /// <summary>Nobody fills a table that was lost but the learner, with rounds that pay for no updates.</summary>
    protected override async Task<ReceivedBatch> ReadBatchAsync(CancellationToken cancellation)
    {
        var arrival = base.ReadBatchAsync(cancellation);
        while (!arrival.IsCompleted && await Task.WhenAny(arrival, Task.Delay(LossPoll, cancellation)) != arrival)
        {
            while (!arrival.IsCompleted && (long)await Table.CreateAsync(cancellation) < WarmUp)
            {
                Run.Publish(0);
                await CollectRoundAsync(cancellation);
            }
        }

        return await arrival;
    }

    /// <summary>Puts a block of each slot, made with the newest policy, into the table.</summary>
    /// <returns>Their steps.</returns>
    private async Task<long> CollectRoundAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var blocks = await CollectAsync(cancellation);
                await Table.AppendAsync(blocks.Select(block => block.Trajectory), cancellation);
                Account(
                    blocks.SelectMany(block => block.Trajectory.Episodes),
                    (ulong)blocks.Sum(block => (long)block.Trajectory.BrokenEnvironments));
                await Run.Context.Trajectories.ReleaseAsync(blocks, cancellation);
                return blocks.Sum(block => (long)block.Trajectory.Steps * block.Trajectory.Environments);
            }
            catch (TableLostException)
            {
                // Blocks that actors believe delivered are gone. New weights, even equal ones, make every actor collect again.
                Run.Publish(0);
            }
        }
    }

    private async Task<IReadOnlyList<ReceivedBlock>> CollectAsync(CancellationToken cancellation)
    {
        var began = Run.Instruments.Begin(UpdateStage.Wait);
        try
        {
            return await _rounds.CollectAsync(Run.Reports.Version, cancellation);
        }
        finally
        {
            Run.Instruments.End(UpdateStage.Wait, began);
        }
    }
}
