using System.Diagnostics;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Learner.Metrics;
using Rapid.Learner.Replay;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Training;

/// <summary>Whole rollouts: a block of each slot, learned from once, then the next policy.</summary>
internal sealed class RolloutPace : Pace
{
    private readonly IRolloutLearner _learner;
    private readonly ReplayedUpdate? _replayed;
    private readonly BatchCollector _collector;
    private Update? _last;

    public RolloutPace(TrainingRun run)
        : base(run)
    {
        var (context, options) = (run.Context, run.Options);
        _learner = (IRolloutLearner)run.Learner;
        _replayed = _learner is IReplayingLearner replaying && context.Tables.Sequences is { } sequences
            ? new ReplayedUpdate(replaying, sequences, options.Learner.Threads)
            : null;
        _collector = new BatchCollector(
            context.Trajectories, options.Actors.Count, options.Lockstep, options.Replay.MaxPolicyLag, context.Logger);
        run.Observations = options.Normalization.Observations ? new RunningMeanVariance(run.Layout.ObservationSize) : null;
    }

    /// <inheritdoc/>
    public override bool IsOver => Run.Step >= Run.Options.TotalSteps;

    /// <inheritdoc/>
    public override async Task<Activity?> LearnAsync(CancellationToken cancellation)
    {
        var blocks = await CollectAsync(cancellation);
        var trace = UpdateTraces.Begin(Run.Context.Id, blocks);
        try
        {
            await LearnFromAsync(blocks, cancellation);
            return trace;
        }
        catch
        {
            trace?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override async Task ReportAsync(int episodes, CancellationToken cancellation)
    {
        var (blocks, figures, lag, learning) = _last!;

        // Before anything that a stop may interrupt: the checkpoint that follows holds this update.
        Run.Reports.WriteTraining(
            Run.Step,
            Run.Updates,
            [
                ("policy_lag", lag),
                ("stale_blocks", _collector.StaleBlocks),
                ("invalid_blocks", Run.Context.Trajectories.InvalidAnswers),
                ("unpublished_blocks", _collector.UnpublishedBlocks),
                ("broken_environments", _collector.BrokenEnvironments),
                .. figures,
            ],
            learning);
        if (episodes > 0)
        {
            Run.Reports.WriteUpdate(_learner.Gradients, ActionsOf(blocks), Run.Step);
        }

        await Run.Context.Trajectories.ReleaseAsync(blocks, cancellation);
    }

    /// <inheritdoc/>
    public override void Visit(StateBag bag)
    {
        _collector.StaleBlocks = bag.Visit("stale_blocks", _collector.StaleBlocks);
        _collector.BrokenEnvironments = bag.Visit("broken_environments", _collector.BrokenEnvironments);
    }

    private async Task<IReadOnlyList<ReceivedBlock>> CollectAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var began = Run.Instruments.Begin(UpdateStage.Wait);
            try
            {
                return await _collector.CollectAsync(Run.Reports.Version, cancellation);
            }
            catch (TableLostException)
            {
                // Blocks that actors believe delivered are gone. New weights, even equal ones, make every actor collect again.
                Run.Publish(0);
            }
            finally
            {
                Run.Instruments.End(UpdateStage.Wait, began);
            }
        }
    }

    private async Task LearnFromAsync(IReadOnlyList<ReceivedBlock> blocks, CancellationToken cancellation)
    {
        var began = Run.Instruments.Begin(UpdateStage.Learn);
        Trajectory[] batch = [.. blocks.Select(block => block.Trajectory)];
        var progress = (double)Run.Step / Run.Options.TotalSteps;
        TorchThreads.Use(Run.Options.Learner.Threads);
        var figures = _replayed is null
            ? _learner.Update(batch, progress, cancellation)
            : await _replayed.UpdateAsync(batch, progress, cancellation);
        var learning = Run.Instruments.End(UpdateStage.Learn, began);
        foreach (var block in batch)
        {
            Run.Instruments.OnBlock(Run.Reports.Version - block.PolicyVersion);
            Account(block);
        }

        Run.Updates++;
        Run.Reports.Watch(Run.Step, figures);
        _last = new Update(blocks, figures, batch.Average(block => Run.Reports.Version - block.PolicyVersion), learning);
    }

    private void Account(Trajectory block)
    {
        Run.Step += (long)block.Steps * block.Environments;
        Run.Remember(block);
        if (Run.Observations is { } observations)
        {
            var size = Run.Layout.ObservationSize;
            var moments = block.Doubles(TrajectoryColumns.ObservationMoments, 2, size);
            observations.Merge(moments[..size], moments[size..], block.Doubles(TrajectoryColumns.ObservationCount, 1)[0]);
        }
    }

    private float[] ActionsOf(IEnumerable<ReceivedBlock> blocks) => [.. blocks.Select(block => block.Trajectory).SelectMany(block =>
    {
        var (steps, environments) = ((int)block.Steps, (int)block.Environments);
        return Run.Layout.IsDiscrete
            ? Array.ConvertAll(block.Longs(TrajectoryColumns.Actions, steps, environments).ToArray(), Convert.ToSingle)
            : block.Floats(TrajectoryColumns.Actions, steps, environments, Run.Layout.ActionSize).ToArray();
    })];

    /// <summary>What the last update was.</summary>
    private sealed record Update(
        IReadOnlyList<ReceivedBlock> Blocks, IReadOnlyList<(string Name, double Value)> Figures, double Lag, TimeSpan Learning);
}
