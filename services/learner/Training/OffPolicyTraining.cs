using Rapid.Agents;
using Rapid.Agents.OffPolicy;
using Rapid.Core;
using Rapid.Learner.Experiments;
using Rapid.Learner.Metrics;
using Rapid.Learner.Replay;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Training;

/// <summary>
/// Warm up with random actions, then learn from batches of the table, publishing the policy now and then. A run's step is what its updates
/// account for, warm_up_steps + updates / updates_per_step, so that it ends with the same number of updates whatever was killed on the way;
/// the table's rate limiter keeps actors about there. An offline run has no warm-up and no actors.
/// </summary>
public sealed partial class OffPolicyTraining : ITraining
{
    private static readonly TimeSpan WarmUpPoll = TimeSpan.FromMilliseconds(20);

    // In lockstep a batch is at hand or the table was lost.
    private static readonly TimeSpan LossPoll = TimeSpan.FromSeconds(1);

    private readonly RunContext _run;
    private readonly ExperimentOptions _options;
    private readonly OffPolicyOptions _algorithm;
    private readonly PolicyLayout _layout;
    private readonly ITransitionLearner _learner;
    private readonly ITable<ReceivedBatch> _table;
    private readonly RunReports _reports;
    private readonly RunInstruments _instruments;
    private readonly float[] _priorities;
    private readonly ObservationNormalizer? _normalizer;
    private readonly BatchCollector? _rounds; // of a run in lockstep
    private readonly long _warmUp, _lastUpdate;
    private RunningMeanVariance? _observations;
    private long _step, _updates;
    private TimeSpan _learning; // since the last line of metrics
    private ulong _brokenEnvironments;

    /// <summary>Prepares a run; <see cref="RunAsync"/> starts it.</summary>
    /// <param name="run">The run.</param>
    /// <param name="table">Where transitions come from.</param>
    public OffPolicyTraining(RunContext run, ITable<ReceivedBatch> table)
    {
        ArgumentNullException.ThrowIfNull(run);
        (_run, _options, _algorithm, _table) = (run, run.Options, (OffPolicyOptions)run.Options.Algorithm, table);
        using var environment = EnvironmentFactory.Create(_options.Environment);
        _instruments = run.Metrics.Instruments;
        _layout = ExperimentPolicy.LayoutOf(_options, environment.ObservationSpace, environment.ActionSpace);
        _learner = (ITransitionLearner)LearnerFactory.Create(_options, _layout);
        _reports = new RunReports(run, _layout, environment);
        _priorities = _options.Replay.Sampler == ReplaySampler.Prioritised ? new float[_algorithm.BatchSize] : [];
        _normalizer = run.Tables.Normalizer;
        _rounds = _options is { Lockstep: true, Offline: false }
            ? new BatchCollector(run.Trajectories, _options.Actors.Count, lockstep: true, maxPolicyLag: 0, run.Logger)
            : null;
        _warmUp = _options.Offline ? 0 : _algorithm.WarmUpSteps;
        _lastUpdate = UpdatesAt(_options.TotalSteps);
    }

    private bool IsOver => _updates >= _lastUpdate;

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var keptFiles = Resume();
        await (_run.Kept?.BeginAsync(keptFiles, cancellation) ?? Task.CompletedTask);
        Publish(IsOver ? _reports.EpisodesOwed(_step) : 0);
        try
        {
            if (_options.Lockstep)
            {
                await _reports.AwaitEvaluationsAsync(cancellation);
            }

            await (_run.Data is { } data ? LearnFromAsync(data, cancellation)
                : _rounds is not null ? LearnInLockstepAsync(_rounds, cancellation)
                : LearnAsync(cancellation));

            await SaveCheckpointAsync(cancellation);
        }
        catch (Exception error) when (error is OperationCanceledException || RunObstacle.Of(error) is not null)
        {
            await (_run.Kept?.KeepInTimeAsync() ?? Task.CompletedTask);
            await _run.SaveAsync(SaveCheckpoint, cancellation);
            throw;
        }

        await _reports.AwaitEvaluationsAsync(cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reports.Dispose();
        _learner.Dispose();
    }

    /// <summary>Collection and learning overlap; the table's rate limiter holds them together.</summary>
    private async Task LearnAsync(CancellationToken cancellation)
    {
        // From here on the table tells of episodes: those of the warm-up come with the first batch.
        await _table.RequestAsync(0, cancellation);
        var began = _instruments.Begin(UpdateStage.Wait);
        while (_step < _warmUp)
        {
            _step = Math.Min(_warmUp, (long)await _table.CreateAsync(cancellation));
            if (_step < _warmUp)
            {
                await Task.Delay(WarmUpPoll, cancellation);
            }
        }

        _instruments.End(UpdateStage.Wait, began);
        await FinishWarmUpAsync(cancellation);
        Publish(0);
        await _table.RequestAsync(_lastUpdate - _updates, cancellation);
        while (!IsOver)
        {
            var before = _step;
            await UpdateAsync(cancellation);
            var episodes = _reports.EpisodesDue(before, _step);
            if (episodes > 0 || _updates % _algorithm.PublishInterval == 0)
            {
                Publish(episodes);
                await AwaitEvaluationsAsync(episodes, cancellation);
            }

            await SaveCheckpointIfDueAsync(before, cancellation);
        }
    }

    /// <summary>A block of each slot, in the order of slots, then the updates that these steps pay for, then the next policy.</summary>
    private async Task LearnInLockstepAsync(BatchCollector rounds, CancellationToken cancellation)
    {
        var collected = _step;
        if (collected >= _warmUp)
        {
            await FinishWarmUpAsync(cancellation);
        }

        while (!IsOver)
        {
            var (before, wasWarmingUp) = (_step, collected < _warmUp);
            collected += await CollectRoundAsync(rounds, cancellation);
            _step = Math.Max(_step, Math.Min(collected, _warmUp));
            if (wasWarmingUp && collected >= _warmUp)
            {
                await FinishWarmUpAsync(cancellation);
            }

            await UpdateToAsync(Math.Min(_lastUpdate, UpdatesAt(collected)), cancellation);
            var episodes = _reports.EpisodesDue(before, _step);
            Publish(episodes);
            await AwaitEvaluationsAsync(episodes, cancellation);

            await SaveCheckpointIfDueAsync(before, cancellation);
        }
    }

    /// <summary>Puts a block of each slot, made with the newest policy, into the table.</summary>
    /// <returns>Their steps.</returns>
    private async Task<long> CollectRoundAsync(BatchCollector rounds, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var blocks = await CollectAsync(rounds, cancellation);
                await _table.AppendAsync(blocks.Select(block => block.Trajectory), cancellation);
                Account(
                    blocks.SelectMany(block => block.Trajectory.Episodes),
                    (ulong)blocks.Sum(block => (long)block.Trajectory.BrokenEnvironments));
                await _run.Trajectories.ReleaseAsync(blocks, cancellation);
                return blocks.Sum(block => (long)block.Trajectory.Steps * block.Trajectory.Environments);
            }
            catch (TableLostException)
            {
                // Blocks that actors believe delivered are gone. New weights, even equal ones, make every actor collect again.
                Publish(0);
            }
        }
    }

    private async Task<IReadOnlyList<ReceivedBlock>> CollectAsync(BatchCollector rounds, CancellationToken cancellation)
    {
        var began = _instruments.Begin(UpdateStage.Wait);
        try
        {
            return await rounds.CollectAsync(_reports.Version, cancellation);
        }
        finally
        {
            _instruments.End(UpdateStage.Wait, began);
        }
    }

    /// <summary>Updates from data that are all there before the first of them. Another hand fills the table again when it is
    /// lost.</summary>
    private async Task LearnFromAsync(OfflineData data, CancellationToken cancellation)
    {
        if (IsOver)
        {
            return;
        }

        await data.CheckAsync(cancellation);
        await data.FillAsync(_table, cancellation);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var filling = data.KeepFilledAsync(_table, ended.Token);
        var learning = UpdateToEndAsync(ended.Token);
        await Task.WhenAny(filling, learning);
        await ended.CancelAsync();
        await Task.WhenAll(filling, learning).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (filling.IsFaulted)
        {
            await filling;
        }

        await learning;
    }

    private async Task UpdateToEndAsync(CancellationToken cancellation)
    {
        await FinishWarmUpAsync(cancellation);
        while (!IsOver)
        {
            var before = _step;
            await UpdateToAsync(Math.Min(_lastUpdate, _updates + _algorithm.PublishInterval), cancellation);
            var episodes = _reports.EpisodesDue(before, _step);
            Publish(episodes);
            await AwaitEvaluationsAsync(episodes, cancellation);

            await SaveCheckpointIfDueAsync(before, cancellation);
        }
    }

    private async Task UpdateToAsync(long update, CancellationToken cancellation)
    {
        // What is drawn from priorities follows from the update before: nothing is drawn ahead, so that a run repeats.
        var ahead = _priorities.Length > 0 ? 1 : update - _updates;
        while (_updates < update)
        {
            await _table.RequestAsync(ahead, cancellation);
            for (; ahead > 0; ahead--)
            {
                await UpdateAsync(cancellation);
            }

            ahead = Math.Min(1, update - _updates);
        }
    }

    private async Task UpdateAsync(CancellationToken cancellation)
    {
        var received = await ReadBatchAsync(cancellation);
        var began = _instruments.Begin(UpdateStage.Learn);
        TorchThreads.Use(_options.Learner.Threads);
        _learner.Update(received.Transitions);
        if (_priorities.Length > 0)
        {
            _learner.ReadErrors(_priorities);
        }

        _learning += _instruments.End(UpdateStage.Learn, began);
        _updates++;
        _step = IsOver ? _options.TotalSteps : _warmUp + (long)(_updates / _algorithm.UpdatesPerStep);
        if (!_options.Lockstep && !_options.Offline)
        {
            Account(received.Episodes, received.BrokenEnvironments);
        }

        if (_updates % _algorithm.MetricsInterval == 0 || IsOver)
        {
            WriteTraining();
        }

        // After all that a stop must not interrupt: the checkpoint that follows holds this update.
        received.Priorities = _priorities;
        await _table.ReleaseAsync([received], cancellation);
    }

    /// <summary>
    /// The next batch. A table that was lost gives none before it holds as much as after the warm-up: what is learned from the little that
    /// it holds until then would undo what was learned before. In lockstep nobody fills it meanwhile but the learner, with rounds that pay
    /// for no updates.
    /// </summary>
    private async Task<ReceivedBatch> ReadBatchAsync(CancellationToken cancellation)
    {
        var next = _table.ReadAsync(cancellation);
        if (_rounds is null || next.IsCompleted)
        {
            var began = _instruments.Begin(UpdateStage.Wait);
            try
            {
                return (await next)!;
            }
            finally
            {
                _instruments.End(UpdateStage.Wait, began);
            }
        }

        var arrival = next.AsTask();
        while (await Task.WhenAny(arrival, Task.Delay(LossPoll, cancellation)) != arrival)
        {
            while (!arrival.IsCompleted && (long)await _table.CreateAsync(cancellation) < _warmUp)
            {
                Publish(0);
                await CollectRoundAsync(_rounds, cancellation);
            }
        }

        return (await arrival)!;
    }

    /// <summary>Measures observations once, over all of the warm-up.</summary>
    private async Task FinishWarmUpAsync(CancellationToken cancellation)
    {
        if (_normalizer is not null)
        {
            _observations ??= Floor(await _table.MeasureObservationsAsync(_layout.ObservationSize, cancellation));
            _normalizer.Statistics.Import(_observations.Mean.ToArray(), _observations.Variance.ToArray(), _observations.Count);
        }
    }

    /// <summary>Deviations are kept from below, because a dimension that hardly moved in the warm-up may move later, and scaled.</summary>
    private RunningMeanVariance Floor(RunningMeanVariance measured)
    {
        double Adjust(double variance) => Math.Pow(Math.Max(Math.Sqrt(variance), _algorithm.MinimumDeviation) * _algorithm.VarianceScaling, 2);
        var adjusted = new RunningMeanVariance(_layout.ObservationSize);
        adjusted.Import(measured.Mean.ToArray(), [.. measured.Variance.ToArray().Select(Adjust)], measured.Count);
        return adjusted;
    }

    private long UpdatesAt(long step) => (long)(Math.Max(0, step - _warmUp) * _algorithm.UpdatesPerStep);

    private void Account(IEnumerable<Episode> episodes, ulong brokenEnvironments)
    {
        foreach (var episode in episodes)
        {
            _reports.Returns.Add(episode.Return, episode.Length);
        }

        _brokenEnvironments += brokenEnvironments;
    }

    private void Publish(int evaluationEpisodes) =>
        _reports.Publish(_learner.CopyParameters, _step, evaluationEpisodes, _observations, exploreUniformly: _step < _warmUp);

    /// <summary>After a policy was published, to be scored with some episodes or with none.</summary>
    private async Task AwaitEvaluationsAsync(int episodes, CancellationToken cancellation)
    {
        if (episodes > 0 && !IsOver)
        {
            await _reports.AwaitRoomForEvaluationAsync(cancellation);
        }

        _reports.DrainEvaluations();
    }

    private void WriteTraining()
    {
        var figures = _learner.ReadFigures();
        _reports.Watch(_step, figures);
        _reports.WriteTraining(
            _step,
            _updates,
            [
                ("inserted_steps", _table.InsertedSteps),
                ("held_steps", _table.HeldSteps),
                ("broken_environments", _brokenEnvironments),
                .. figures,
            ],
            _learning);
        _learning = TimeSpan.Zero;
    }
}
