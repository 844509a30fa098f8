using Rapid.Agents.OffPolicy;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Learner.Metrics;
using Rapid.Learner.Replay;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Training;

/// <summary>
/// Batches of transitions, after a warm-up with random actions. A run's step is what its updates account for, warm_up_steps + updates /
/// updates_per_step, so that it ends with the same number of updates whatever was killed on the way; the table's rate limiter keeps actors
/// about there.
/// </summary>
internal abstract class TransitionPace : Pace
{
    private readonly ITransitionLearner _learner;
    private readonly DeviceBatch _onDevice;
    private readonly float[] _priorities;
    private TimeSpan _learning; // since the last line of metrics
    private long _brokenEnvironments;

    /// <param name="run">The run.</param>
    /// <param name="warmUp">Steps with random actions.</param>
    protected TransitionPace(TrainingRun run, long warmUp)
        : base(run)
    {
        WarmUp = warmUp;
        _learner = (ITransitionLearner)run.Learner;
        _onDevice = new DeviceBatch(run.Layout, Algorithm, _learner.Parameters.device);
        _priorities = run.Options.Replay.Sampler == ReplaySampler.Prioritised ? new float[Algorithm.BatchSize] : [];
        LastUpdate = UpdatesAt(run.Options.TotalSteps);
    }

    /// <inheritdoc/>
    public override bool IsOver => Run.Updates >= LastUpdate;

    /// <inheritdoc/>
    public override bool IsWarmingUp => Run.Step < WarmUp;

    protected OffPolicyOptions Algorithm => (OffPolicyOptions)Run.Options.Algorithm;

    protected ITable<ReceivedBatch> Table => Run.Context.Tables.Transitions!;

    /// <summary>Steps with random actions.</summary>
    protected long WarmUp { get; }

    /// <summary>Updates of the whole run.</summary>
    protected long LastUpdate { get; }

    /// <inheritdoc/>
    public override void Visit(StateBag bag) => _brokenEnvironments = bag.Visit("broken_environments", _brokenEnvironments);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _onDevice.Dispose();
        return base.DisposeAsync();
    }

    /// <summary>Steps with random actions of a run that collects.</summary>
    protected static long WarmUpOf(TrainingRun run) => ((OffPolicyOptions)run.Options.Algorithm).WarmUpSteps;

    /// <summary>Updates that so many steps pay for.</summary>
    protected long UpdatesAt(long step) => (long)(Math.Max(0, step - WarmUp) * Algorithm.UpdatesPerStep);

    /// <summary>Measures observations once, over all of the warm-up.</summary>
    protected async Task FinishWarmUpAsync(CancellationToken cancellation)
    {
        if (Run.Context.Tables.Normalizer is { } normalizer)
        {
            Run.Observations ??= Floor(await Table.MeasureObservationsAsync(Run.Layout.ObservationSize, cancellation));
            var measured = Run.Observations;
            normalizer.Statistics.Import(measured.Mean.ToArray(), measured.Variance.ToArray(), measured.Count);
        }
    }

    /// <summary>Updates until so many are done in all.</summary>
    protected async Task UpdateToAsync(long update, CancellationToken cancellation)
    {
        // What is drawn from priorities follows from the update before: nothing is drawn ahead, so that a run repeats.
        var ahead = _priorities.Length > 0 ? 1 : update - Run.Updates;
        while (Run.Updates < update)
        {
            await Table.RequestAsync(ahead, cancellation);
            for (; ahead > 0; ahead--)
            {
                await UpdateAsync(cancellation);
            }

            ahead = Math.Min(1, update - Run.Updates);
        }
    }

    /// <summary>One update on the next of the batches that were asked for.</summary>
    protected async Task UpdateAsync(CancellationToken cancellation)
    {
        var received = await ReadBatchAsync(cancellation);
        var began = Run.Instruments.Begin(UpdateStage.Learn);
        TorchThreads.Use(Run.Options.Learner.Threads);
        _learner.Update(_onDevice.Of(received.Transitions));
        if (_priorities.Length > 0)
        {
            _learner.ReadErrors(_priorities);
        }

        _learning += Run.Instruments.End(UpdateStage.Learn, began);
        Run.Updates++;
        Run.Step = IsOver ? Run.Options.TotalSteps : WarmUp + (long)(Run.Updates / Algorithm.UpdatesPerStep);
        OnUpdate(received);
        if (Run.Updates % Algorithm.MetricsInterval == 0 || IsOver)
        {
            WriteTraining();
        }

        // After all that a stop must not interrupt: the checkpoint that follows holds this update.
        received.Priorities = _priorities;
        await Table.ReleaseAsync([received], cancellation);
    }

    /// <summary>After an update on a batch.</summary>
    protected virtual void OnUpdate(ReceivedBatch received)
    {
    }

    /// <summary>The next batch. A table that was lost gives none before it holds as much as after the warm-up: what is learned from the
    /// little that it holds until then would undo what was learned before.</summary>
    protected virtual async Task<ReceivedBatch> ReadBatchAsync(CancellationToken cancellation)
    {
        var began = Run.Instruments.Begin(UpdateStage.Wait);
        try
        {
            return (await Table.ReadAsync(cancellation))!;
        }
        finally
        {
            Run.Instruments.End(UpdateStage.Wait, began);
        }
    }

    /// <summary>Takes note of what was collected.</summary>
    protected void Account(IEnumerable<Episode> episodes, ulong brokenEnvironments)
    {
        foreach (var episode in episodes)
        {
            Run.Reports.Returns.Add(episode.Return, episode.Length);
        }

        _brokenEnvironments += (long)brokenEnvironments;
    }

    /// <summary>Deviations are kept from below, because a dimension that hardly moved in the warm-up may move later, and scaled.</summary>
    private RunningMeanVariance Floor(RunningMeanVariance measured)
    {
        double Adjust(double variance) => Math.Pow(Math.Max(Math.Sqrt(variance), Algorithm.MinimumDeviation) * Algorithm.VarianceScaling, 2);
        var adjusted = new RunningMeanVariance(Run.Layout.ObservationSize);
        adjusted.Import(measured.Mean.ToArray(), [.. measured.Variance.ToArray().Select(Adjust)], measured.Count);
        return adjusted;
    }

    private void WriteTraining()
    {
        var figures = _learner.ReadFigures();
        Run.Reports.Watch(Run.Step, figures);
        Run.Reports.WriteTraining(
            Run.Step,
            Run.Updates,
            [
                ("inserted_steps", Table.InsertedSteps),
                ("held_steps", Table.HeldSteps),
                ("broken_environments", _brokenEnvironments),
                .. figures,
            ],
            _learning);
        _learning = TimeSpan.Zero;
    }
}
