using System.Text.Json.Nodes;
using Rapid.Environments;
using Rapid.Learner.Algorithms;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Experiments;
using Rapid.Learner.Replay;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Training;

/// <summary>Collect a batch, learn from it, publish the weights; now and then checkpoint and ask for an evaluation. Ends at total_steps.</summary>
public sealed class TrainingLoop : IDisposable
{
    // A killed evaluator is usually back by then; without one a run must still end.
    private static readonly TimeSpan EvaluatorGrace = TimeSpan.FromSeconds(30);

    private readonly RunContext _run;
    private readonly ExperimentOptions _options;
    private readonly PolicyLayout _layout;
    private readonly IAlgorithm _algorithm;
    private readonly ReplayedUpdate? _replayed;
    private readonly BatchCollector _collector;
    private readonly RunningMeanVariance? _observations;
    private readonly ReturnWindow _returns = new(100);
    private readonly PolicyVersions _versions;
    private long _step;
    private long _updates;

    /// <summary>Prepares a run; <see cref="RunAsync"/> starts it.</summary>
    public TrainingLoop(RunContext run)
    {
        ArgumentNullException.ThrowIfNull(run);
        _run = run;
        _options = run.Options;
        using var environment = EnvironmentFactory.Create(_options.Environment);
        _layout = PolicyLayout.Create(_options, environment.ObservationSpace, environment.ActionSpace);
        _algorithm = AlgorithmFactory.Create(_options, _layout);
        _replayed = _algorithm is IReplayingAlgorithm replaying && run.Sequences is { } sequences ? new ReplayedUpdate(replaying, sequences) : null;
        _versions = new PolicyVersions(run.Directory.Versions);
        _collector = new BatchCollector(run.Trajectories, _options.Actors.Count, _options.Lockstep, _options.Replay.MaxPolicyLag);
        _observations = _options.Normalization.Observations ? new RunningMeanVariance(_layout.ObservationSize) : null;
    }

    /// <summary>Runs, or goes on from the newest checkpoint, until total_steps.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, after a checkpoint was written.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        Resume();
        // A run that was stopped between its last step and its last score asks for that score again.
        Publish(_step >= _options.TotalSteps ? _options.Evaluation.FinalEpisodes : 0);
        try
        {
            while (_step < _options.TotalSteps)
            {
                await IterateAsync(cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            SaveCheckpoint();
            throw;
        }

        SaveCheckpoint();
        await FinishEvaluationsAsync(cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _algorithm.Dispose();

    private async Task IterateAsync(CancellationToken cancellation)
    {
        IReadOnlyList<ReceivedBlock> blocks;
        try
        {
            blocks = await _collector.CollectAsync(_versions.Newest, cancellation);
        }
        catch (TableLostException)
        {
            // Blocks that actors believe delivered are gone. New weights, even equal ones, make every actor collect again.
            Publish(0);
            return;
        }

        var collected = _run.Metrics.Elapsed;
        Trajectory[] batch = [.. blocks.Select(block => block.Trajectory)];
        var progress = (double)_step / _options.TotalSteps;
        var figures = _replayed is null ? _algorithm.Update(batch, progress) : await _replayed.UpdateAsync(batch, progress, cancellation);
        var learned = _run.Metrics.Elapsed;
        var before = _step;
        foreach (var block in blocks)
        {
            Account(block.Trajectory);
        }

        _updates++;
        var lag = blocks.Average(block => _versions.Newest - block.Trajectory.PolicyVersion);
        var isLast = _step >= _options.TotalSteps;
        var episodes = isLast ? _options.Evaluation.FinalEpisodes : IsEvaluationDue(before) ? _options.Evaluation.Episodes : 0;
        Publish(episodes);
        await _run.Trajectories.AcknowledgeAsync(blocks, cancellation);
        WriteTraining(figures, lag, learned - collected);
        if (_options.Lockstep && episodes > 0 && !isLast)
        {
            await _run.Evaluations.WaitAsync(_versions.Newest, EvaluatorGrace, cancellation);
        }

        DrainEvaluations();

        if (!isLast && Crosses(_options.Checkpoint.IntervalSteps, before))
        {
            SaveCheckpoint();
        }
    }

    private void Account(Trajectory block)
    {
        _step += (long)block.Steps * block.Environments;
        foreach (var episode in block.Episodes)
        {
            _returns.Add(episode.Return, episode.Length);
        }

        if (_observations is not null)
        {
            var moments = block.Doubles(TrajectoryColumns.ObservationMoments, 2, _layout.ObservationSize);
            var count = block.Doubles(TrajectoryColumns.ObservationCount, 1)[0];
            _observations.Merge(moments[.._layout.ObservationSize], moments[_layout.ObservationSize..], count);
        }
    }

    private bool Crosses(long interval, long before) => interval > 0 && _step / interval > before / interval;

    private bool IsEvaluationDue(long before) => Crosses(_options.Evaluation.IntervalSteps, before);

    private void Publish(int evaluationEpisodes)
    {
        var parameters = new float[_layout.Length];
        _algorithm.CopyParameters(parameters);
        var snapshot = new PolicySnapshot
        {
            Experiment = _run.Id,
            Version = _versions.Next(),
            LayoutHash = _layout.Hash,
            Parameters = TensorCodec.ToByteString<float>(parameters),
            Step = _step,
            EvaluationEpisodes = (uint)evaluationEpisodes,
        };
        if (_observations is not null)
        {
            snapshot.ObservationNormalizer = new NormalizerState { Count = _observations.Count };
            snapshot.ObservationNormalizer.Mean.AddRange(_observations.Mean.ToArray());
            snapshot.ObservationNormalizer.Variance.AddRange(_observations.Variance.ToArray());
        }

        _run.Policies.Publish(snapshot);
    }

    private void WriteTraining(IReadOnlyList<(string Name, double Value)> figures, double lag, TimeSpan learning)
    {
        _run.Metrics.Write(
            _step,
            "train",
            [
                ("updates", _updates),
                ("policy_version", _versions.Newest),
                ("episodes", _returns.Episodes),
                ("episode_return_mean", _returns.MeanReturn),
                ("episode_length_mean", _returns.MeanLength),
                ("policy_lag", lag),
                ("stale_blocks", _collector.StaleBlocks),
                ("broken_environments", _collector.BrokenEnvironments),
                .. figures,
            ],
            learning);
    }

    private void WriteEvaluation(EvaluationReport report)
    {
        var mean = report.Returns.Average();
        var deviation = Math.Sqrt(report.Returns.Average(value => (value - mean) * (value - mean)));
        _run.Metrics.Write(
            report.Step,
            "evaluation",
            [
                ("policy_version", report.PolicyVersion),
                ("episodes", report.Returns.Count),
                ("return_mean", mean),
                ("return_deviation", deviation),
                ("return_minimum", report.Returns.Min()),
                ("return_maximum", report.Returns.Max()),
                ("length_mean", report.Lengths.Average(length => (double)length)),
            ]);
    }

    private void DrainEvaluations()
    {
        while (_run.Evaluations.TryTake(out var report))
        {
            WriteEvaluation(report);
        }
    }

    /// <summary>Waits for the score of the last weights, unless nobody is there to play.</summary>
    private async Task FinishEvaluationsAsync(CancellationToken cancellation)
    {
        await _run.Evaluations.WaitAsync(_versions.Newest, EvaluatorGrace, cancellation);
        DrainEvaluations();
    }

    private void SaveCheckpoint()
    {
        var tensors = new Dictionary<string, TensorData>();
        var algorithm = new JsonObject();
        _algorithm.Save(tensors, algorithm);
        var state = new JsonObject { ["algorithm"] = algorithm, ["episodes"] = _returns.ToJson() };
        if (_observations is not null)
        {
            state["observation_normalizer"] = StateJson.From(_observations);
        }

        _run.Checkpoints.Save(new Checkpoint(_step, _updates, tensors, state));
    }

    private void Resume()
    {
        if (_run.Checkpoints.LoadNewest() is { } checkpoint)
        {
            _algorithm.Load(checkpoint.Tensors, checkpoint.State["algorithm"]!.AsObject());
            _returns.FromJson(checkpoint.State["episodes"]!);
            if (_observations is not null)
            {
                StateJson.To(checkpoint.State["observation_normalizer"]!, _observations);
            }

            (_step, _updates) = (checkpoint.Step, checkpoint.Updates);
        }

        // What was learned after the checkpoint, or before the first one, is learned again.
        _run.Metrics.TruncateAfter(_step);
    }
}
